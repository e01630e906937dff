// Package strapi reads the tokens of Strapi 5 servers: content API tokens,
// admin tokens and data transfer tokens.
//
// It uses the admin API, GET only, and asks for lists only: the answer for a
// single token carries its secret where the server keeps it decryptable.
package strapi

import (
	"context"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// CMS is the name under which the collector is registered.
const CMS = "strapi"

const (
	// defaultRate spares the server. Strapi publishes no limit for these lists.
	defaultRate = 20
	// burst lets the four requests of a server leave at once.
	burst = 4
)

// collector reads one server.
type collector struct {
	*instance.Server
	// session is set for the JWT of a person's login, which acts as the person.
	session bool
}

var (
	_ collectors.Collector = (*collector)(nil)
	_ collectors.Prober    = (*collector)(nil)
	_ collectors.Separable = (*collector)(nil)
)

// newCollector makes the collector of one entry. It sends nothing.
func newCollector(entry collectors.Entry, run collectors.Run) (collectors.Collector, error) {
	credential := entry.Secret(optionToken)
	server, err := instance.Open(entry, run, instance.Setup{
		CMS:        CMS,
		Facts:      facts(),
		Credential: optionToken,
		Authorize:  credential.Bearer,
		Rate:       defaultRate, Burst: burst,
		Page:     settings + "api-tokens",
		Classify: classify,
	})
	if err != nil {
		return nil, err
	}
	return &collector{Server: server, session: credential.IsJWT()}, nil
}

// settings is where the admin panel has its pages on tokens.
const settings = "/admin/settings/"

// Collect implements collectors.Collector.
func (c *collector) Collect(ctx context.Context, source inventory.Source) (inventory.Source, error) {
	return c.CollectWithout(ctx, source, nil)
}

// Separate implements collectors.Separable. Each list holds tokens of a kind of its own, and
// says all of them; who the credential is, is asked again.
func (c *collector) Separate() map[string]string {
	lists := map[string]string{}
	for _, l := range []resource{listAPI, listAdmin, listTransfer} {
		lists[l.unit] = l.tokenID("", "")
	}
	return lists
}

// CollectWithout implements collectors.Separable.
func (c *collector) CollectWithout(ctx context.Context, source inventory.Source, skip []string) (inventory.Source, error) {
	return c.Fill(ctx, source, func(ctx context.Context, source inventory.Source) inventory.Source {
		return c.collect(source, c.read(ctx, skip), skip)
	})
}
