// Package datocms reads the API tokens of DatoCMS projects.
//
// It uses the Content Management API, GET only, and needs one credential a
// project: the credential says which project is meant. The list of tokens
// carries their secrets for callers who manage tokens; no type here has a
// place for one.
package datocms

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"sync"

	"github.com/sourcegraph/conc/pool"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// CMS is the name under which the collector is registered.
const CMS = "datocms"

// projectsAtOnce bounds how many projects Discover asks at once.
const projectsAtOnce = 32

// collector reads the projects of one entry.
type collector struct {
	entry    collectors.Entry
	run      collectors.Run
	projects []configured

	mu sync.Mutex
	// found are the projects that Discover has seen, by source ID.
	found map[string]foundProject
}

// configured is a project as the entry names it.
type configured struct {
	name string
	// id is the project's, where the entry tells it; else empty.
	id     string
	client *cmsapi.Client
	// domain is the rate-limit domain. It has to be known before anything is
	// asked, so it is named after the credential, not after the project.
	domain string
}

// foundProject is a project that Discover has asked for.
type foundProject struct {
	configured
	// site is the answer; err why there is none.
	site site
	err  *cmsapi.Error
}

var (
	_ collectors.Collector   = (*collector)(nil)
	_ collectors.DomainNamer = (*collector)(nil)
	_ collectors.Prober      = (*collector)(nil)
)

// newCollector makes the collector of one entry. It sends nothing.
func newCollector(entry collectors.Entry, run collectors.Run) (collectors.Collector, error) {
	c := &collector{entry: entry, run: run, found: map[string]foundProject{}}
	base := entry.BaseURL
	if base == "" {
		base = apiHost
	}
	host := base
	if u, err := url.Parse(base); err == nil {
		host = u.Host
	}
	names := map[string]bool{}
	for i, values := range entry.Objects(optionProjects) {
		item := collectors.Entry{Values: values}
		name, credential := item.String(optionName), item.Secret(optionToken)
		switch {
		case name == "":
			return nil, fmt.Errorf("projects[%d]: name is missing", i)
		case names[name]:
			return nil, fmt.Errorf("projects[%d]: duplicate name %q", i, name)
		case credential.Empty():
			return nil, fmt.Errorf("projects[%d] (%s): token is missing", i, name)
		}
		names[name] = true
		domain := cmsapi.Path("datocms/{}/{}", host, credential.Fingerprint())
		client, err := newClient(entry, run, base, domain, credential)
		if err != nil {
			return nil, err
		}
		c.projects = append(c.projects, configured{name, item.String(optionID), client, domain})
	}
	if len(c.projects) == 0 {
		return nil, errors.New("projects is empty: list at least one")
	}
	return c, nil
}

// Domain implements collectors.DomainNamer.
func (c *collector) Domain(source inventory.Source) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.found[source.ID]; ok {
		return p.domain
	}
	return CMS + "/" + source.Host
}

// Discover implements collectors.Collector. It asks each project for its id.
// A project that does not tell it is a source all the same, named after the
// configuration: Collect says what could not be read.
func (c *collector) Discover(ctx context.Context) ([]inventory.Source, error) {
	answers := make([]foundProject, len(c.projects))
	workers := pool.New().WithMaxGoroutines(projectsAtOnce)
	for i, p := range c.projects {
		if !c.run.OwnsDomain(p.domain) {
			continue
		}
		workers.Go(func() { answers[i] = p.ask(ctx) })
	}
	workers.Wait()
	var (
		sources []inventory.Source
		lost    []error
	)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range answers {
		if p.client == nil {
			continue // of another shard
		}
		s := c.skeleton(p)
		if p.err != nil && ctx.Err() != nil {
			lost = append(lost, &collectors.DiscoveryError{Source: s, Unit: inventory.Unit{Name: listSite.unit}, Err: ctx.Err()})
			continue
		}
		sources = append(sources, s)
		// Of two credentials of one project the first reads it.
		if _, twice := c.found[s.ID]; !twice {
			c.found[s.ID] = p
		}
	}
	return sources, errors.Join(lost...)
}

// ask reads which project a credential leads to.
func (p configured) ask(ctx context.Context) foundProject {
	found := foundProject{configured: p}
	var answer document[site]
	_, err := p.client.Get(ctx, cmsapi.Request{Path: "/site"}, &answer)
	switch found.site = answer.Data.Value; {
	case err != nil:
		found.err = explain(listSite, err)
	case answer.Data.State != cmsapi.FieldGiven:
		found.err = &cmsapi.Error{Class: inventory.ErrUnreadable, Path: "/site", Message: answer.Data.Reason("data")}
	case found.site.ID.Value == "":
		found.err = &cmsapi.Error{Class: inventory.ErrUnreadable, Path: "/site", Message: "the project has no id"}
	case p.id != "" && string(found.site.ID.Value) != p.id:
		found.err = &cmsapi.Error{Class: inventory.ErrNotFound, Path: "/site",
			Message: fmt.Sprintf("the API token is of project %s, not of the configured %s", found.site.ID.Value, p.id),
			Hint:    "Correct id or token of the project, or leave id out."}
	}
	return found
}

// skeleton is a source as Discover returns it.
func (c *collector) skeleton(p foundProject) inventory.Source {
	a := p.site.Attributes.Value
	s := inventory.Source{
		ID:         sourceID(p),
		CMS:        CMS,
		Kind:       inventory.KindProject,
		Name:       a.Name.Or(p.name),
		Host:       p.client.Host(),
		Labels:     c.entry.Labels,
		Facts:      facts(),
		NeverAfter: c.entry.NeverAfter,
		Origin:     c.entry.Origin,
	}
	if owner, ok := p.site.Relationships.Value.Owner.Value.Data.Get(); ok && owner.Type.Value == "organization" {
		s.Organization = string(owner.ID.Value)
	}
	s.URL = project{domain: webDomain(p.site)}.page("")
	return s
}

// sourceID names a project by its id, or, where neither DatoCMS nor the configuration
// tells it, by the name in the configuration: "datocms/projects/name:blog". The tokens of
// such a project are not read. Their IDs would change as soon as the project
// can be read again, and with them every finding, waiver and baseline.
func sourceID(p foundProject) string {
	switch {
	case p.err == nil:
		return cmsapi.Path("datocms/projects/{}", string(p.site.ID.Value))
	case p.id != "":
		return cmsapi.Path("datocms/projects/{}", p.id)
	}
	return cmsapi.Path("datocms/projects/name:{}", p.name)
}

func tokenID(source, id string) string { return source + cmsapi.Path("/access_tokens/{}", id) }

// webDomains is the form of the hosts on which projects have their web app.
// What a server makes up must not become a link.
var webDomains = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?\.admin\.datocms\.com$`)

func webDomain(s site) string {
	if domain := s.Attributes.Value.InternalDomain.Value; webDomains.MatchString(domain) {
		return domain
	}
	return ""
}

// page is the address of the page on which tokens are managed, or of one below it.
func (p project) page(pattern string, segments ...string) string {
	if p.domain == "" {
		return ""
	}
	return "https://" + p.domain + "/project_settings/access_tokens" + cmsapi.Path(pattern, segments...)
}
