package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/collection"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/demo"
)

// demoOptions are the flags of demo.
type demoOptions struct {
	options.Judge
	saveInventory string
}

func newDemo(run func(context.Context, demoOptions) error) *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole audit on emulated CMSes: no credentials, no network",
		Long: `Demo starts emulated Contentful, Contentstack and DatoCMS APIs on loopback, fills
them with an invented company, and audits it by the ordinary pipeline over HTTP.

It exits 0 whatever it finds, and says which code a scan would have given.`,
		Example: `  tokenaudit demo
  tokenaudit demo -o sarif=demo.sarif --save-inventory demo.json`,
		Args: cli.Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	o.Bind(cmd)
	cmd.Flags().StringVar(&o.saveInventory, "save-inventory", "", "write what was read to this `file`, for evaluate and explain")
	return cmd
}

func (a *app) demo(ctx context.Context, o demoOptions) (err error) {
	p, err := o.Validate(o.saveInventory)
	if err := errors.Join(err, checkInventory(o.saveInventory)); err != nil {
		return err
	}
	if err := places.RefuseOverwrite(a.InFile, append(places.Outputs(p.Outputs), o.saveInventory), o.Inputs()); err != nil {
		return err
	}
	at := p.At
	if at.IsZero() {
		at = a.now().UTC().Truncate(time.Second)
	}
	// The clock of the company and of the audit stands still, and the same --at
	// gives the same report.
	clock := func() time.Time { return at }
	company := demo.New(at, emulator.Options{Clock: clock, NoLimits: true})
	servers, err := serveDemo(ctx, company)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, servers.close()) }()
	r, err := a.demoReading(company, servers, clock)
	if err != nil {
		return err
	}
	au, err := a.newAudit(ctx, r.Config, o.Judge, p)
	if err != nil {
		return err
	}
	au.scope = r.Scope(au.options.Rules)
	err = au.scan(ctx, r, o.saveInventory)
	var verdict cli.VerdictError
	if err == nil || errors.As(err, &verdict) {
		a.Note("this was a demo on emulated CMSes and exits 0; a scan would have exited %d", verdict.Code)
		return nil
	}
	return err
}

// demoServers are the emulated CMSes on loopback.
type demoServers struct{ contentful, contentstack, datocms *emulator.Server }

// serveDemo starts the servers. They outlive an interruption, which must end
// the requests and not the answers.
func serveDemo(ctx context.Context, company *demo.Company) (s demoServers, err error) {
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

func (s demoServers) close() error {
	var errs []error
	for _, server := range []*emulator.Server{s.contentful, s.contentstack, s.datocms} {
		if server != nil {
			errs = append(errs, server.Close())
		}
	}
	return errors.Join(errs...)
}

// demoReading reads the company as its own configuration would have it read.
func (a *app) demoReading(company *demo.Company, servers demoServers, clock func() time.Time) (*collection.Collection, error) {
	text, secrets := demoConfig(company, servers)
	cfg, err := config.Parse("demo.yaml", []byte(text), a.registry.Definitions())
	if err != nil {
		return nil, fmt.Errorf("the demo's configuration: %w", err)
	}
	// The emulated CMSes have no rate limit here, so nobody needs to wait.
	return &collection.Collection{Host: a.host(), Config: cfg, Now: clock, Unpaced: true, Environment: config.Environment{
		Lookup: func(name string) (string, bool) { secret, ok := secrets[name]; return secret, ok },
	}}, nil
}

// demoConfig returns the configuration of the company and its secrets by the
// names of the variables that it refers to.
func demoConfig(company *demo.Company, servers demoServers) (text string, secrets map[string]string) {
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
%s`, company.ContentfulOrganization, servers.contentful.URL(),
		company.ContentstackRegion, company.ContentstackOrganization, servers.contentstack.URL(),
		servers.datocms.URL(), projects.String()), secrets
}
