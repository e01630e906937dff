// Package strapi reads the tokens of Strapi 5 servers: content API tokens,
// admin tokens and data transfer tokens.
//
// It uses the admin API, GET only, and asks for lists only: the answer for a
// single token carries its secret where the server keeps it decryptable.
package strapi

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// CMS is the name under which the collector is registered.
const CMS = "strapi"

// collector reads one server.
type collector struct {
	entry  collectors.Entry
	run    collectors.Run
	client *cmsapi.Client
	// domain is the rate-limit domain of all requests.
	domain string
	// session is set for the JWT of a person's login, which acts as the person.
	session bool
}

var (
	_ collectors.Collector     = (*collector)(nil)
	_ collectors.EntryDomainer = (*collector)(nil)
	_ collectors.DomainNamer   = (*collector)(nil)
	_ collectors.Prober        = (*collector)(nil)
)

// newCollector makes the collector of one entry. It sends nothing.
func newCollector(entry collectors.Entry, run collectors.Run) (collectors.Collector, error) {
	if run.Now == nil {
		run.Now = time.Now
	}
	if entry.Name == "" {
		entry.Name = entry.String(optionName)
	}
	credential := entry.Secret(optionToken)
	switch {
	case entry.Name == "":
		return nil, errors.New("name is missing")
	case entry.BaseURL == "":
		return nil, errors.New("base_url is missing")
	case credential.Empty():
		return nil, errors.New("token is missing")
	}
	c := &collector{entry: entry, run: run, session: isJWT(credential)}
	c.domain = cmsapi.Path("strapi/{}/{}", hostOf(entry.BaseURL), credential.Fingerprint())
	var err error
	c.client, err = newClient(entry, run, c.domain)
	return c, err
}

func hostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	return u.Host
}

// isJWT tells a login of a person from an admin token, which has 256
// hexadecimal digits and no dot.
func isJWT(credential cmsapi.Secret) bool { return strings.Count(credential.Reveal(), ".") == 2 }

// EntryDomain implements collectors.EntryDomainer.
func (c *collector) EntryDomain() string { return c.domain }

// Domain implements collectors.DomainNamer.
func (c *collector) Domain(inventory.Source) string { return c.domain }

// Discover implements collectors.Collector. It sends nothing: the server is the
// source, and its name is configured.
func (c *collector) Discover(context.Context) ([]inventory.Source, error) {
	return []inventory.Source{c.skeleton()}, nil
}

func (c *collector) skeleton() inventory.Source {
	return inventory.Source{
		ID:         cmsapi.Path("strapi/instances/{}", c.entry.Name),
		CMS:        CMS,
		Kind:       inventory.KindInstance,
		Name:       c.entry.Name,
		Host:       c.client.Host(),
		Labels:     c.entry.Labels,
		URL:        c.page("api-tokens"),
		Facts:      facts(),
		NeverAfter: c.entry.NeverAfter,
		Origin:     c.entry.Origin,
	}
}

// page is the address of a page of the admin panel's settings.
func (c *collector) page(settings string) string {
	return strings.TrimRight(c.entry.BaseURL, "/") + "/admin/settings/" + settings
}

// Collect implements collectors.Collector.
func (c *collector) Collect(ctx context.Context, source inventory.Source) (inventory.Source, error) {
	if want := c.skeleton().ID; source.ID != want {
		return source, fmt.Errorf("%s is no source of this entry", source.ID)
	}
	source.CollectedAt = c.run.Now().UTC()
	source = c.collect(source, c.read(ctx))
	source.Normalise()
	return source, ctx.Err()
}
