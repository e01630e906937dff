// Package contentful reads the tokens of Contentful: the delivery and preview
// API keys of spaces, and the personal, CLI and OAuth tokens of an
// organization.
//
// It uses the Content Management API and its user management part, GET only.
// The lists of API keys carry live secrets; no type here has a place for one.
package contentful

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// CMS is the name under which the collector is registered.
const CMS = "contentful"

// collector reads the sources of one entry: the spaces, and the organization
// if one is configured.
type collector struct {
	client       *cmsapi.Client
	credential   cmsapi.Secret
	now          func() time.Time
	organization string
	spaces       []string
	region       string
	neverAfter   time.Time
	domain       string

	// What many sources need is asked for once.
	me            cmsapi.Memo[string, user]
	own           cmsapi.Memo[string, cmsapi.Listing[accessToken]]
	organizations cmsapi.Memo[string, cmsapi.Listing[organization]]
	grant         cmsapi.Memo[string, bool]
	directory     cmsapi.Memo[string, directory]

	mu sync.Mutex
	// found are the spaces that Discover has seen, by source ID; spacesUnit is
	// the list they come from, nil for spaces that are listed by the entry.
	found      map[string]foundSpace
	spacesUnit *inventory.Unit
}

var (
	_ collectors.Collector     = (*collector)(nil)
	_ collectors.DomainNamer   = (*collector)(nil)
	_ collectors.EntryDomainer = (*collector)(nil)
	_ collectors.Prober        = (*collector)(nil)
)

// Ids are documented to match this, so anything else is a slip of the pen.
var idPattern = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,64}$`)

// newCollector makes the collector of one entry. It sends nothing.
func newCollector(entry collectors.Entry, run collectors.Run) (collectors.Collector, error) {
	c := &collector{
		credential:   entry.Secret(optionToken),
		now:          run.Now,
		organization: entry.String(optionOrganization),
		region:       entry.String(optionRegion),
		neverAfter:   entry.NeverAfter,
		found:        map[string]foundSpace{},
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.region == "" {
		c.region = defaultRegion
	}
	base := entry.BaseURL
	if base == "" {
		base = apiHosts[c.region]
	}
	if base == "" {
		return nil, fmt.Errorf("unknown region %q: expected us or eu", c.region)
	}
	if c.credential.Empty() {
		return nil, errors.New("token is missing")
	}
	for _, id := range entry.Strings(optionSpaces) {
		if !idPattern.MatchString(id) {
			return nil, fmt.Errorf("spaces: invalid space id %q: copy it from the URL of the web app, where it follows /spaces/", id)
		}
		if !slices.Contains(c.spaces, id) {
			c.spaces = append(c.spaces, id)
		}
	}
	if c.organization != "" && !idPattern.MatchString(c.organization) {
		return nil, fmt.Errorf("organization: invalid organization id %q: copy it from the URL of the web app, where it follows /organizations/", c.organization)
	}
	if c.organization == "" && len(c.spaces) == 0 {
		return nil, errors.New("organization or spaces is required")
	}
	host := base
	if u, err := url.Parse(base); err == nil {
		host = u.Host
	}
	// The limit counts per host and credential. The name of the domain must be
	// the same on every machine, and must not tell the credential.
	c.domain = strings.Join([]string{CMS, host, c.credential.Fingerprint()}, "/")
	client, err := newClient(entry, run, base, c.domain)
	if err != nil {
		return nil, err
	}
	c.client = client
	return c, nil
}

// Domain implements collectors.DomainNamer.
func (c *collector) Domain(inventory.Source) string { return c.domain }

// EntryDomain implements collectors.EntryDomainer.
func (c *collector) EntryDomain() string { return c.domain }

// Collect implements collectors.Collector.
func (c *collector) Collect(ctx context.Context, source inventory.Source) (inventory.Source, error) {
	source.CollectedAt = c.now().UTC()
	kind, id, ok := parseSourceID(source.ID)
	switch {
	case ok && kind == inventory.KindOrganization && id == c.organization:
		source = c.collectOrganization(ctx, source)
	case ok && kind == inventory.KindSpace:
		source = c.collectSpace(ctx, source, id)
	default:
		return source, fmt.Errorf("%s is not a source of this entry", source.ID)
	}
	source.Normalise()
	return source, ctx.Err()
}

// IDs. Contentful's own ids hold nothing that needs escaping; what a server
// makes up is escaped, so that no id can pretend to be another path.

func organizationSourceID(id string) string { return cmsapi.Path("contentful/organizations/{}", id) }

func spaceSourceID(id string) string { return cmsapi.Path("contentful/spaces/{}", id) }

func parseSourceID(sourceID string) (inventory.SourceKind, string, bool) {
	for kind, prefix := range map[inventory.SourceKind]string{
		inventory.KindOrganization: organizationSourceID(""),
		inventory.KindSpace:        spaceSourceID(""),
	} {
		if rest, ok := strings.CutPrefix(sourceID, prefix); ok {
			id, err := url.PathUnescape(rest)
			return kind, id, err == nil && id != ""
		}
	}
	return "", "", false
}

// skeleton is a source as Discover returns it.
func (c *collector) skeleton(kind inventory.SourceKind, id, name, organization string) inventory.Source {
	source := inventory.Source{
		CMS:          CMS,
		Kind:         kind,
		Name:         name,
		Host:         c.client.Host(),
		Region:       c.region,
		Organization: organization,
		Facts:        factsOf(kind),
		NeverAfter:   c.neverAfter,
	}
	if source.Name == "" {
		source.Name = id
	}
	switch kind {
	case inventory.KindOrganization:
		source.ID = organizationSourceID(id)
		source.URL = c.page("/account/organizations/{}", id)
	default:
		source.ID = spaceSourceID(id)
		source.URL = c.page("/spaces/{}/api/keys", id)
	}
	return source
}

// page returns the address of a page of the web app.
func (c *collector) page(pattern string, ids ...string) string {
	return appHosts[c.region] + cmsapi.Path(pattern, ids...)
}
