// Package directus reads the static tokens of Directus 11 servers. A user has
// at most one, and it can do what the user can.
//
// It uses the REST API, GET only. Share links are credentials too, but they are
// not read: the id of a share is its secret, so whoever lists shares can open
// those that have no password.
package directus

import (
	"context"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// CMS is the name under which the collector is registered.
const CMS = "directus"

const (
	// defaultRate stays below the limiter that Directus has built in, which is
	// off by default and allows 50 requests a second once it is on.
	defaultRate = 20
	burst       = 8
)

// collector reads one server.
type collector struct {
	*instance.Server
	// session is set for the JWT of a login, which is not a static token.
	session bool
}

var (
	_ collectors.Collector = (*collector)(nil)
	_ collectors.Prober    = (*collector)(nil)
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
		Page:     usersPage,
		Classify: classify,
	})
	if err != nil {
		return nil, err
	}
	return &collector{Server: server, session: credential.IsJWT()}, nil
}

// usersPage is where the Data Studio shows the users.
const usersPage = "/admin/users"

// Collect implements collectors.Collector.
func (c *collector) Collect(ctx context.Context, source inventory.Source) (inventory.Source, error) {
	return c.Fill(ctx, source, func(ctx context.Context, source inventory.Source) inventory.Source {
		return c.collect(source, c.read(ctx))
	})
}
