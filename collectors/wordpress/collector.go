// Package wordpress reads the application passwords of WordPress sites.
//
// It uses the REST API, GET only: one call for each user, because WordPress has
// no list of all application passwords.
package wordpress

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
const CMS = "wordpress"

// collector reads one site.
type collector struct {
	entry  collectors.Entry
	run    collectors.Run
	client *cmsapi.Client
	// domain is the rate-limit domain of all requests.
	domain string
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
	credential := entry.Secret(optionPassword)
	switch {
	case entry.Name == "":
		return nil, errors.New("name is missing")
	case entry.BaseURL == "":
		return nil, errors.New("base_url is missing")
	case entry.String(optionUsername) == "":
		return nil, errors.New("username is missing")
	case strings.Contains(entry.String(optionUsername), ":"):
		return nil, errors.New("username must not hold a colon")
	case credential.Empty():
		return nil, errors.New("password is missing")
	}
	c := &collector{entry: entry, run: run}
	host := entry.BaseURL
	if u, err := url.Parse(host); err == nil {
		host = u.Host
	}
	c.domain = cmsapi.Path("wordpress/{}/{}", host, credential.Fingerprint())
	var err error
	c.client, err = newClient(entry, run, c.domain)
	return c, err
}

// EntryDomain implements collectors.EntryDomainer.
func (c *collector) EntryDomain() string { return c.domain }

// Domain implements collectors.DomainNamer.
func (c *collector) Domain(inventory.Source) string { return c.domain }

// Discover implements collectors.Collector. It sends nothing: the site is the
// source, and its name is configured.
func (c *collector) Discover(context.Context) ([]inventory.Source, error) {
	return []inventory.Source{c.skeleton()}, nil
}

func (c *collector) skeleton() inventory.Source {
	return inventory.Source{
		ID:         cmsapi.Path("wordpress/instances/{}", c.entry.Name),
		CMS:        CMS,
		Kind:       inventory.KindInstance,
		Name:       c.entry.Name,
		Host:       c.client.Host(),
		Labels:     c.entry.Labels,
		URL:        c.page("users.php"),
		Facts:      facts(),
		NeverAfter: c.entry.NeverAfter,
		Origin:     c.entry.Origin,
	}
}

// page is the address of a page of the site's administration.
func (c *collector) page(file string) string {
	return strings.TrimRight(c.entry.BaseURL, "/") + "/wp-admin/" + file
}

// Collect implements collectors.Collector.
func (c *collector) Collect(ctx context.Context, source inventory.Source) (inventory.Source, error) {
	if want := c.skeleton().ID; source.ID != want {
		return source, fmt.Errorf("%s is no source of this entry", source.ID)
	}
	source.CollectedAt = c.run.Now().UTC()
	source = c.collect(source, c.read(ctx, nil))
	source.Normalise()
	return source, ctx.Err()
}
