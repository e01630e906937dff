// Package contentstack reads the tokens of Contentstack stacks: delivery
// tokens, the preview tokens next to them, and management tokens.
//
// A source is a stack. Its id is made of the stack's uid and never of its
// api_key, which goes with every token and is masked everywhere. The list of
// delivery tokens shows live secrets; no type of this package can hold one.
package contentstack

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// CMS is the name under which the collector is registered.
const CMS = "contentstack"

const (
	// readsPerSecond is what Contentstack grants an organization for reading,
	// unless its plan says more; the X-RateLimit-Limit header tells.
	readsPerSecond = 10
	// lookupsPerSecond paces the requests that find out to which organization a
	// listed stack belongs, because until then its budget is not known.
	lookupsPerSecond = 5
	// limitWindow is how long Contentstack counts. A 429 comes without Retry-After.
	limitWindow = time.Second
)

// collector reads the stacks of one entry of the configuration.
type collector struct {
	entry  collectors.Entry
	run    collectors.Run
	region region
	oauth  bool
	// organization is the configured one, may be empty.
	organization string
	keys         []cmsapi.Secret
	// client asks what does not belong to a known organization, in firstDomain.
	client      *cmsapi.Client
	firstDomain string

	// users of organizations, read once for all stacks.
	users cmsapi.Memo[string, *people]

	mu sync.Mutex
	// stacks are the discovered ones by the ids of their sources, caller is
	// whose credential this is; both are set by Discover.
	stacks map[string]*openStack
	caller caller
}

// openStack is a stack that was found.
type openStack struct {
	source inventory.Source
	apiKey cmsapi.Secret
	// nameless: the stack's uid is not known, so its id is made of the api_key.
	nameless bool
	client   *cmsapi.Client
	owner    string
	// branches: does the stack use branches, by its own settings.
	branches inventory.Ternary
	// roles are the roles that the stack names, with their uids.
	roles []ref
	// people came with the stack; nil if they were not asked for.
	people *people
	// err is why the stack could not be opened; nil if it could.
	err *cmsapi.Error
}

// newCollector makes the collector of one entry. It sends nothing.
func newCollector(entry collectors.Entry, run collectors.Run) (collectors.Collector, error) {
	where, ok := findRegion(entry.String(optionRegion))
	if !ok {
		return nil, fmt.Errorf("%s: unknown region: expected one of %s", optionRegion, strings.Join(regionIDs(), ", "))
	}
	c := &collector{
		entry: entry, run: run, region: where, organization: strings.TrimSpace(entry.String(optionOrganization)),
		stacks: map[string]*openStack{},
	}
	for i, item := range entry.Objects(optionStacks) {
		key := collectors.Entry{Values: item}.Secret(optionAPIKey)
		if key.Empty() {
			return nil, fmt.Errorf("%s[%d]: %s is empty", optionStacks, i, optionAPIKey)
		}
		c.keys = append(c.keys, key)
	}
	authtoken, oauthToken := entry.Secret(optionAuthtoken), entry.Secret(optionOAuthToken)
	if authtoken.Empty() == oauthToken.Empty() {
		return nil, fmt.Errorf("exactly one of %s and %s is required", optionAuthtoken, optionOAuthToken)
	}
	if c.organization == "" && len(c.keys) == 0 {
		return nil, fmt.Errorf("%s or %s is required", optionOrganization, optionStacks)
	}
	c.oauth = authtoken.Empty()
	authorize := func(h http.Header) { h.Set("authtoken", authtoken.Reveal()) }
	if c.oauth {
		authorize = oauthToken.Bearer
	}
	limit := c.firstLimit(cmp.Or(authtoken, oauthToken))
	c.firstDomain = limit.Domain
	client, err := run.API.Client(cmsapi.Config{
		CMS:               CMS,
		BaseURL:           cmp.Or(entry.BaseURL, where.api),
		Authorize:         authorize,
		Limit:             limit,
		RequestsPerSecond: entry.RequestsPerSecond,
		Timeout:           entry.Timeout,
		Classify:          c.classify,
	})
	if err != nil {
		return nil, err
	}
	c.client = client
	if c.organization != "" {
		return &organizationCollector{c}, nil
	}
	return c, nil
}

// organizationCollector is a collector that asks one organization only.
type organizationCollector struct{ *collector }

// EntryDomain implements collectors.EntryDomainer.
func (c *organizationCollector) EntryDomain() string { return c.firstDomain }

// firstLimit is the limit of the requests that find the stacks: that of the
// configured organization, else one of the credential.
func (c *collector) firstLimit(credential cmsapi.Secret) cmsapi.Limit {
	if c.organization != "" {
		return organizationLimit(c.organization)
	}
	l := organizationLimit("")
	l.Domain, l.Rate = CMS+"/credentials/"+credential.Fingerprint(), lookupsPerSecond
	l.Adapt = nil
	return l
}

// organizationLimit is the rate limit that all stacks of an organization share.
func organizationLimit(uid string) cmsapi.Limit {
	return cmsapi.Limit{
		Domain: CMS + "/organizations/" + uid,
		Rate:   readsPerSecond,
		Burst:  1,
		Adapt:  grantedRate,
		RetryAfter: func(h http.Header) (time.Duration, bool) {
			return limitWindow, h.Get("Retry-After") == ""
		},
	}
}

// grantedRate reads the requests per second that the organization may send.
func grantedRate(h http.Header) (float64, bool) {
	perSecond, err := strconv.ParseFloat(strings.TrimSpace(h.Get("X-RateLimit-Limit")), 64)
	return perSecond, err == nil && perSecond > 0
}

// Domain implements collectors.DomainNamer.
func (c *collector) Domain(source inventory.Source) string {
	if source.Organization == "" {
		return c.firstDomain
	}
	return organizationLimit(source.Organization).Domain
}

// organizationHeader goes with requests about an organization. OAuth tokens
// want the scope of the request in exactly one header: an organization_uid or
// an api_key (422, error code 21).
func organizationHeader(uid string) http.Header {
	h := http.Header{}
	h.Set("organization_uid", uid)
	return h
}

// stackHeader goes with requests about a stack. Organizations with single
// sign-on want to be named besides the stack.
func (c *collector) stackHeader(s *openStack) http.Header {
	h := http.Header{}
	h.Set("api_key", s.apiKey.Reveal())
	if !c.oauth && s.source.Organization != "" {
		h.Set("organization_uid", s.source.Organization)
	}
	return h
}

// Interface guards.
var (
	_ collectors.Collector     = (*collector)(nil)
	_ collectors.DomainNamer   = (*collector)(nil)
	_ collectors.Prober        = (*collector)(nil)
	_ collectors.EntryDomainer = (*organizationCollector)(nil)
)
