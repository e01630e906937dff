// Package democompany serves the company of the demo, which is invented, by emulated CMSes
// on loopback, and reads it by the ordinary pipeline.
package democompany

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/collection"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/demo"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Company is the invented company, served on loopback.
type Company struct {
	// Collection reads it as its own configuration would have it read.
	*collection.Collection
	servers servers
}

// Start serves the company as it is at a moment. The clock of the company and of what
// reads it does not move, so the report of the same moment is the same.
func Start(ctx context.Context, host collection.Host, at time.Time) (*Company, error) {
	clock := func() time.Time { return at }
	company := demo.New(at, emulator.Options{Clock: clock, NoLimits: true})
	s, err := serve(ctx, company)
	if err != nil {
		return nil, err
	}
	r, err := reading(host, company, s, clock)
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return &Company{Collection: r, servers: s}, nil
}

// Close ends the servers.
func (c *Company) Close() error { return c.servers.close() }

// servers are the emulated CMSes.
type servers struct{ contentful, contentstack, datocms *emulator.Server }

// serve starts the servers. They outlive an interruption, which must end
// the requests and not the answers.
func serve(ctx context.Context, company *demo.Company) (s servers, err error) {
	ctx = context.WithoutCancel(ctx)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.contentful, err = emulator.Serve(ctx, company.Contentful); err != nil {
		return s, err
	}
	if s.contentstack, err = emulator.Serve(ctx, company.Contentstack); err != nil {
		return s, err
	}
	s.datocms, err = emulator.Serve(ctx, company.DatoCMS)
	return s, err
}

func (s servers) close() error {
	var errs []error
	for _, server := range []*emulator.Server{s.contentful, s.contentstack, s.datocms} {
		if server != nil {
			errs = append(errs, server.Close())
		}
	}
	return errors.Join(errs...)
}

// reading reads the company as its own configuration would have it read.
func reading(host collection.Host, company *demo.Company, s servers, clock func() time.Time) (*collection.Collection, error) {
	text, secrets := configuration(company, s)
	cfg, err := config.Parse("demo.yaml", []byte(text), host.Registry.Definitions())
	if err != nil {
		return nil, fmt.Errorf("the demo's configuration: %w", err)
	}
	// The emulated CMSes have no rate limit here, so nobody needs to wait.
	return &collection.Collection{Host: host, Config: cfg, Now: clock, Unpaced: true, Environment: config.Environment{
		Lookup: func(name string) (string, bool) { secret, ok := secrets[name]; return secret, ok },
	}}, nil
}

// configuration returns the configuration of the company and its secrets by the
// names of the variables that it refers to.
func configuration(company *demo.Company, s servers) (text string, secrets map[string]string) {
	secrets = map[string]string{
		"CONTENTFUL_MANAGEMENT_TOKEN": company.ContentfulToken,
		"CONTENTSTACK_AUTHTOKEN":      company.ContentstackAuthtoken,
	}
	var projects strings.Builder
	for i, p := range company.DatoCMSProjects {
		variable := fmt.Sprintf("DATOCMS_API_TOKEN_%d", i+1)
		secrets[variable] = p.Token
		fmt.Fprintf(&projects, "      - {name: %q, token: {env: %s}}\n", p.Name, variable)
	}
	return fmt.Sprintf(`version: 1
sources:
  - cms: contentful
    organization: %q
    base_url: %s
    token: {env: CONTENTFUL_MANAGEMENT_TOKEN}
  - cms: contentstack
    region: %q
    organization: %q
    base_url: %s
    authtoken: {env: CONTENTSTACK_AUTHTOKEN}
  - cms: datocms
    base_url: %s
    projects:
%s`, company.ContentfulOrganization, s.contentful.URL(),
		company.ContentstackRegion, company.ContentstackOrganization, s.contentstack.URL(),
		s.datocms.URL(), projects.String()), secrets
}

// Day is the day of the company that Sources reads by default: the same on every day.
const Day = "2026-11-22"

// Sources reads the company at a moment, which is noon of Day if it is zero, and returns
// that too.
func Sources(ctx context.Context, host collection.Host, at time.Time) (_ []inventory.Source, _ time.Time, err error) {
	if at.IsZero() {
		if at, err = time.Parse(time.RFC3339, Day+"T12:00:00Z"); err != nil {
			return nil, at, err
		}
	}
	company, err := Start(ctx, host, at)
	if err != nil {
		return nil, at, err
	}
	defer func() { err = errors.Join(err, company.Close()) }()
	var read []inventory.Source
	err = company.Collect(ctx, func(s inventory.Source) error {
		// The port is another one each time.
		if host, _, err := net.SplitHostPort(s.Host); err == nil {
			s.Host = host
		}
		read = append(read, s)
		return nil
	})
	slices.SortFunc(read, func(a, b inventory.Source) int { return cmp.Compare(a.ID, b.ID) })
	return read, at, err
}
