//go:build sdkcheck

package sdkcheck

import (
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentful"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentstack"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/datocms"
)

type row = map[string]any

// seededContentful says what an emulator holds in the words of the SDK's
// results, made from the state and not from the emulator's answers.
func seededContentful(c *contentful.Emulator) row {
	out := row{}
	c.View(func(s *contentful.State) {
		var organization, own, keys, previews []row
		for _, t := range s.Tokens {
			r := row{
				"id": t.ID, "type": t.Type, "user": t.User, "scopes": t.Scopes, "end": t.Secret[len(t.Secret)-4:],
				"created": stamp(t.CreatedAt), "expires": stamp(t.ExpiresAt), "used": stamp(t.LastUsedAt), "revoked": stamp(t.RevokedAt),
			}
			organization = append(organization, r)
			if t.User == "owner" {
				own = append(own, row{"id": t.ID, "name": t.Name})
			}
		}
		for _, k := range s.Spaces[0].Keys {
			keys = append(keys, row{"id": k.ID, "name": k.Name, "description": k.Description, "secret": k.Secret, "environments": k.Environments, "preview": k.Preview.ID})
			previews = append(previews, row{"id": k.Preview.ID, "name": k.Preview.Name, "secret": k.Preview.Secret, "environments": k.Environments})
		}
		out["organizationTokens"], out["ownTokens"], out["keys"], out["previewKeys"] = organization, own, keys, previews
	})
	return out
}

// stamp is an ISO time in JavaScript's form; null for none.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func seededContentstack(c *contentstack.Emulator) row {
	out := row{}
	c.View(func(s *contentstack.State) {
		var delivery, management []row
		for _, t := range s.Stacks[0].DeliveryTokens {
			r := row{"uid": t.UID, "name": t.Name, "token": t.Secret, "environments": t.Scope[0].Names, "preview": nil}
			if t.PreviewSecret != "" {
				r["preview"] = t.PreviewSecret
			}
			delivery = append(delivery, r)
		}
		for _, t := range s.Stacks[0].ManagementTokens {
			r := row{"uid": t.UID, "name": t.Name, "expires": nil, "module": t.Scope[0].Module, "write": t.Scope[0].Write}
			if t.ExpiresOn != "" {
				r["expires"] = t.ExpiresOn
			}
			management = append(management, r)
		}
		out["delivery"], out["management"] = delivery, management
	})
	return out
}

func seededDatoCMS(d *datocms.Emulator) row {
	out := row{}
	d.View(func(s *datocms.State) {
		var list []row
		for _, t := range s.Projects[0].Tokens {
			r := row{"id": t.ID, "name": t.Name, "token": t.Secret, "hardcoded": nil, "role": nil, "cda": t.CDA, "preview": t.Preview, "cma": t.CMA, "used": "never"}
			if t.Hardcoded != "" {
				r["hardcoded"] = t.Hardcoded
			}
			if t.Role != "" {
				r["role"] = t.Role
			}
			if t.LastCDA.Word != "" {
				r["used"] = t.LastCDA.Word
			}
			list = append(list, r)
		}
		out["tokens"] = list
	})
	return out
}
