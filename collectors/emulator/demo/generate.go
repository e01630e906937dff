package demo

import (
	"fmt"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentful"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentstack"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/datocms"
)

// Size is how much of everything a generated company has. Zero numbers are
// allowed: a CMS without sources stays empty.
type Size struct {
	// Spaces of one Contentful organization; each delivery key brings a preview key.
	Spaces, KeysPerSpace int
	// PersonalTokens of the organization, the auditor's own included.
	PersonalTokens int
	// Stacks of one Contentstack organization; half of the tokens of each are
	// delivery tokens, half management tokens.
	Stacks, TokensPerStack int
	// Projects of DatoCMS; the auditor's own token is one of each.
	Projects, TokensPerProject int
}

// Generate makes a company for measurements: plain, of any size, the same for
// the same size and time. Its rate limits are the published ones: Contentful 7
// requests a second, Contentstack 10, DatoCMS 60 in 3 seconds and project.
func Generate(size Size, now time.Time, o emulator.Options) *Company {
	if o.Clock == nil {
		o.Clock = emulator.ClockFrom(now)
	}
	m := moment{now.UTC()}
	company := &Company{
		Contentful:             contentful.New(m.generateContentful(size), contentful.Options{Options: o}),
		ContentfulOrganization: "generated", ContentfulToken: emulator.Secret(contentful.PersonalForm(), generatedSeed("token", 0)),
		Contentstack:       contentstack.New(m.generateContentstack(size), contentstack.Options{Options: o}),
		ContentstackRegion: "na", ContentstackOrganization: "bltgenerated", ContentstackAuthtoken: emulator.Secret(contentstack.UserForm(), "generated"),
	}
	var dato datocms.State
	for i := range size.Projects {
		p := m.generateProject(i, size.TokensPerProject)
		dato.Projects = append(dato.Projects, p)
		company.DatoCMSProjects = append(company.DatoCMSProjects, DatoCMSCredential{p.Name, p.Tokens[0].Secret})
	}
	company.DatoCMS = datocms.New(dato, datocms.Options{Options: o})
	return company
}

func generatedSeed(what string, n ...int) string { return fmt.Sprint("generated/", what, n) }

func (m moment) generateContentful(size Size) contentful.State {
	created := m.ago(400)
	state := contentful.State{
		Users: []*contentful.User{{ID: "auditor", FirstName: "Token", LastName: "Audit", Email: "audit@example.com", CreatedAt: created}},
		Organizations: []*contentful.Organization{{ID: "generated", Name: "Generated", CreatedAt: created, Memberships: []*contentful.Membership{
			{ID: "membership", User: "auditor", Role: "admin", LastActiveAt: m.ago(1), CreatedAt: created},
		}}},
	}
	for i := range size.PersonalTokens {
		t := &contentful.Token{
			ID: fmt.Sprintf("token%06d", i), Type: contentful.Personal, Name: fmt.Sprintf("token %d", i), User: "auditor",
			Secret: emulator.Secret(contentful.PersonalForm(), generatedSeed("token", i)), Scopes: []string{contentful.Manage}, CreatedAt: created, LastUsedAt: m.ago(i % 200),
		}
		if i%3 != 0 {
			t.ExpiresAt = m.ago(-30 - i%400)
		}
		state.Tokens = append(state.Tokens, t)
	}
	for i := range size.Spaces {
		s := &contentful.Space{
			ID: fmt.Sprintf("space%05d", i), Name: fmt.Sprintf("Space %d", i), Organization: "generated", CreatedAt: created,
			Environments: []*contentful.Environment{{ID: "master", CreatedAt: created}, {ID: "staging", CreatedAt: created}},
		}
		for j := range size.KeysPerSpace {
			seed := generatedSeed("key", i, j)
			s.Keys = append(s.Keys, &contentful.Key{
				ID: emulator.StableID(emulator.Base62, 22, seed), Name: fmt.Sprintf("key %d", j), Secret: emulator.Secret(contentful.KeyForm(), seed), CreatedBy: "auditor",
				Environments: texts("master", "staging")[:1+j%2], CreatedAt: created, UpdatedAt: created,
				Preview: &contentful.PreviewKey{ID: emulator.StableID(emulator.Base62, 22, seed+"/preview"), Name: fmt.Sprintf("key %d", j), Secret: emulator.Secret(contentful.KeyForm(), seed+"/preview")},
			})
		}
		state.Spaces = append(state.Spaces, s)
	}
	return state
}

func (m moment) generateContentstack(size Size) contentstack.State {
	created := m.ago(400)
	state := contentstack.State{
		Users:         []*contentstack.User{{UID: "bltauditor", Email: "audit@example.com", Authtokens: []string{emulator.Secret(contentstack.UserForm(), "generated")}, CreatedAt: created}},
		Organizations: []*contentstack.Organization{{UID: "bltgenerated", Name: "Generated", Owner: "bltauditor", CreatedAt: created, Members: []*contentstack.Member{{User: "bltauditor", Admin: true}}}},
	}
	for i := range size.Stacks {
		s := &contentstack.Stack{
			UID: fmt.Sprintf("bltstack%05d", i), Name: fmt.Sprintf("Stack %d", i), Organization: "bltgenerated", Owner: "bltauditor",
			APIKey: emulator.Secret(contentstack.UserForm(), generatedSeed("stack", i)), Branches: texts("main"), CreatedAt: created,
			Environments: []*contentstack.Environment{{UID: "bltproduction", Name: "production", CreatedAt: created}, {UID: "bltstaging", Name: "staging", CreatedAt: created}},
		}
		for j := range size.TokensPerStack {
			uid := "blt" + emulator.StableID(emulator.HexDigits, 16, generatedSeed("stack token", i, j))
			branch := contentstack.Scope{Module: "branch", Names: texts("main"), Read: true}
			if j%2 == 0 {
				s.DeliveryTokens = append(s.DeliveryTokens, &contentstack.DeliveryToken{
					UID: uid, Name: fmt.Sprintf("delivery %d", j), Secret: emulator.Secret(contentstack.TokenForm(), uid), CreatedBy: "bltauditor", CreatedAt: created,
					Scope: []contentstack.Scope{{Module: "environment", Names: texts("production", "staging")[:1+j/2%2], Read: true}, branch},
				})
				continue
			}
			t := &contentstack.ManagementToken{
				UID: uid, Name: fmt.Sprintf("management %d", j), Secret: emulator.Secret(contentstack.TokenForm(), uid), CreatedBy: "bltauditor", CreatedAt: created,
				Scope: []contentstack.Scope{{Module: "content_type", Read: true, Write: true}, branch},
			}
			if j%3 != 0 {
				t.ExpiresOn = m.day(30 + j)
			}
			s.ManagementTokens = append(s.ManagementTokens, t)
		}
		state.Stacks = append(state.Stacks, s)
	}
	return state
}

func (m moment) generateProject(i, tokens int) *datocms.Project {
	p := &datocms.Project{
		ID: fmt.Sprint(1000 + i), Name: fmt.Sprintf("project-%d", i), Domain: fmt.Sprintf("project-%d.admin.datocms.com", i), CreatedAt: m.ago(400),
		Environments: []*datocms.Environment{{ID: "main", Primary: true, CreatedAt: m.ago(400)}, {ID: "sandbox", ForkedFrom: "main", CreatedAt: m.ago(100)}},
		Roles:        []*datocms.Role{datocms.Admin("30", "main"), datocms.Editor("31", "main"), datocms.ReadOnly("32", "main")},
	}
	for j := range max(1, tokens) {
		t := &datocms.Token{
			ID: fmt.Sprint(100000 + i*1000 + j), Name: fmt.Sprintf("token %d", j), Role: texts("32", "31", "30")[j%3], CDA: j%2 == 1, CMA: j%2 == 0,
			Secret: emulator.Secret(datocms.TokenForm(), generatedSeed("project token", i, j)), LastCDA: datocms.Use{At: m.ago(j % 70)},
		}
		p.Tokens = append(p.Tokens, t)
	}
	return p
}
