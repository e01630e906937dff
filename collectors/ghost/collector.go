// Package ghost reads the API keys of Ghost sites: those of integrations, and
// the staff access token of the scan itself.
//
// It uses the Admin API, GET only. It never asks for /users/{id}/token/, which
// makes a staff access token where there is none.
package ghost

import (
	"context"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// CMS is the name under which the collector is registered.
const CMS = "ghost"

const (
	// defaultRate spares the server. Ghost publishes no limit for these lists.
	defaultRate = 20
	// burst lets the four requests of a site leave at once.
	burst = 4
)

// collector reads one site.
type collector struct {
	*instance.Server
	// keyID is the id of the credential's key, which is not a secret.
	keyID string
}

var (
	_ collectors.Collector = (*collector)(nil)
	_ collectors.Prober    = (*collector)(nil)
	_ collectors.Separable = (*collector)(nil)
)

// newCollector makes the collector of one entry. It sends nothing.
func newCollector(entry collectors.Entry, run collectors.Run) (collectors.Collector, error) {
	credential, malformed := parseCredential(entry.Secret(optionToken))
	server, err := instance.Open(entry, run, instance.Setup{
		CMS:        CMS,
		Facts:      facts(),
		Credential: optionToken,
		Authorize:  credential.authorize(run.Now),
		Rate:       defaultRate, Burst: burst,
		Page:     settings + "integrations",
		Classify: classify,
	})
	switch {
	case err != nil:
		return nil, err
	case malformed != nil:
		return nil, malformed
	}
	return &collector{server, credential.id}, nil
}

// settings is where the pages of Ghost Admin are.
const settings = "/ghost/#/settings/"

// Collect implements collectors.Collector.
func (c *collector) Collect(ctx context.Context, source inventory.Source) (inventory.Source, error) {
	return c.CollectWithout(ctx, source, nil)
}

// Separate implements collectors.Separable. The keys of integrations and the tokens of people
// have nothing to do with each other. Who the credential is, is asked again; the roles, which
// the keys alone refer to, go with these.
func (c *collector) Separate() map[string]string {
	return map[string]string{listIntegrations.unit: tokenID("", segmentKeys, ""), listUsers.unit: tokenID("", segmentStaff, "")}
}

// CollectWithout implements collectors.Separable.
func (c *collector) CollectWithout(ctx context.Context, source inventory.Source, skip []string) (inventory.Source, error) {
	return c.Fill(ctx, source, func(ctx context.Context, source inventory.Source) inventory.Source {
		return c.collect(source, c.read(ctx, skip), skip)
	})
}
