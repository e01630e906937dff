// Package wordpress reads the application passwords of WordPress sites.
//
// It uses the REST API, GET only: one call for each user, because WordPress has
// no list of all application passwords.
package wordpress

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// CMS is the name under which the collector is registered.
const CMS = "wordpress"

const (
	// defaultRate spares the server: each request starts PHP anew. WordPress
	// publishes no limit.
	defaultRate = 20
	burst       = 8
)

// collector reads one site.
type collector struct{ *instance.Server }

var (
	_ collectors.Collector = (*collector)(nil)
	_ collectors.Prober    = (*collector)(nil)
	_ collectors.Continuer = (*collector)(nil)
)

// newCollector makes the collector of one entry. It sends nothing.
func newCollector(entry collectors.Entry, run collectors.Run) (collectors.Collector, error) {
	username, password := entry.String(optionUsername), entry.Secret(optionPassword)
	server, err := instance.Open(entry, run, instance.Setup{
		CMS:        CMS,
		Facts:      facts(),
		Credential: optionPassword,
		Authorize: func(h http.Header) {
			pair := username + ":" + password.Reveal()
			h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
		},
		Rate: defaultRate, Burst: burst,
		Page:     administration + "users.php",
		Classify: classify,
	})
	switch {
	case err != nil:
		return nil, err
	case username == "":
		return nil, errors.New("username is missing")
	case strings.Contains(username, ":"):
		return nil, errors.New("username must not hold a colon")
	}
	return &collector{server}, nil
}

// administration is where a site's pages for administrators are.
const administration = "/wp-admin/"

// Collect implements collectors.Collector.
func (c *collector) Collect(ctx context.Context, source inventory.Source) (inventory.Source, error) {
	return c.Fill(ctx, source, func(ctx context.Context, source inventory.Source) inventory.Source {
		return c.collect(source, c.read(ctx, nil))
	})
}

// Continue implements collectors.Continuer. Each user has a list of application passwords: of
// 10,000, those alone are asked for again that are missing. Who they are, and who the
// credential is, is asked again.
func (c *collector) Continue(earlier inventory.Source) func(context.Context, inventory.Source) (inventory.Source, error) {
	known, missing := map[string]bool{}, map[string]bool{}
	for _, u := range earlier.Units {
		known[u.Name] = u.Status == inventory.UnitComplete || len(u.Missing) > 0
		for _, id := range u.Missing {
			missing[id] = true
		}
	}
	if !known[unitSite] || !known[unitUsers] || !known[unitPasswords] {
		return nil
	}
	return func(ctx context.Context, source inventory.Source) (inventory.Source, error) {
		return c.Fill(ctx, source, func(ctx context.Context, source inventory.Source) inventory.Source {
			a := c.read(ctx, func(_ int, u user) bool { return missing[string(u.ID.Value)] })
			a.sampled = false
			for _, t := range earlier.Tokens {
				if !missing[t.Owner.ID] {
					a.kept = append(a.kept, t)
				}
			}
			return c.collect(source, a)
		})
	}
}
