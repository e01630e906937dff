package emulator

import (
	"fmt"
	"time"
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
func Generate(size Size, now time.Time, o Options) *Company {
	if o.Clock == nil {
		o.Clock = ClockFrom(now)
	}
	m := moment{now.UTC()}
	company := &Company{
		Contentful:             NewContentful(m.generateContentful(size), ContentfulOptions{Options: o}),
		ContentfulOrganization: "generated", ContentfulToken: Secret(ContentfulPersonalForm(), generatedSeed("token", 0)),
		Contentstack:       NewContentstack(m.generateContentstack(size), ContentstackOptions{Options: o}),
		ContentstackRegion: "na", ContentstackOrganization: "bltgenerated", ContentstackAuthtoken: Secret(ContentstackUserForm(), "generated"),
	}
	var dato DatoCMSState
	for i := range size.Projects {
		p := m.generateProject(i, size.TokensPerProject)
		dato.Projects = append(dato.Projects, p)
		company.DatoCMSProjects = append(company.DatoCMSProjects, DatoCMSCredential{p.Name, p.Tokens[0].Secret})
	}
	company.DatoCMS = NewDatoCMS(dato, DatoCMSOptions{Options: o})
	return company
}

func generatedSeed(what string, n ...int) string { return fmt.Sprint("generated/", what, n) }

func (m moment) generateContentful(size Size) ContentfulState {
	created := m.ago(400)
	state := ContentfulState{
		Users: []*ContentfulUser{{ID: "auditor", FirstName: "Token", LastName: "Audit", Email: "audit@example.com", CreatedAt: created}},
		Organizations: []*ContentfulOrganization{{ID: "generated", Name: "Generated", CreatedAt: created, Memberships: []*ContentfulMembership{
			{ID: "membership", User: "auditor", Role: "admin", LastActiveAt: m.ago(1), CreatedAt: created},
		}}},
	}
	for i := range size.PersonalTokens {
		t := &ContentfulToken{
			ID: fmt.Sprintf("token%06d", i), Type: ContentfulPersonal, Name: fmt.Sprintf("token %d", i), User: "auditor",
			Secret: Secret(ContentfulPersonalForm(), generatedSeed("token", i)), Scopes: []string{ContentfulManage}, CreatedAt: created, LastUsedAt: m.ago(i % 200),
		}
		if i%3 != 0 {
			t.ExpiresAt = m.ago(-30 - i%400)
		}
		state.Tokens = append(state.Tokens, t)
	}
	for i := range size.Spaces {
		s := &ContentfulSpace{
			ID: fmt.Sprintf("space%05d", i), Name: fmt.Sprintf("Space %d", i), Organization: "generated", CreatedAt: created,
			Environments: []*ContentfulEnvironment{{ID: "master", CreatedAt: created}, {ID: "staging", CreatedAt: created}},
		}
		for j := range size.KeysPerSpace {
			seed := generatedSeed("key", i, j)
			s.Keys = append(s.Keys, &ContentfulKey{
				ID: stableID(base62, 22, seed), Name: fmt.Sprintf("key %d", j), Secret: Secret(ContentfulKeyForm(), seed), CreatedBy: "auditor",
				Environments: texts("master", "staging")[:1+j%2], CreatedAt: created, UpdatedAt: created,
				Preview: &ContentfulPreviewKey{ID: stableID(base62, 22, seed+"/preview"), Name: fmt.Sprintf("key %d", j), Secret: Secret(ContentfulKeyForm(), seed+"/preview")},
			})
		}
		state.Spaces = append(state.Spaces, s)
	}
	return state
}

func (m moment) generateContentstack(size Size) ContentstackState {
	created := m.ago(400)
	state := ContentstackState{
		Users:         []*ContentstackUser{{UID: "bltauditor", Email: "audit@example.com", Authtokens: []string{Secret(ContentstackUserForm(), "generated")}, CreatedAt: created}},
		Organizations: []*ContentstackOrganization{{UID: "bltgenerated", Name: "Generated", Owner: "bltauditor", CreatedAt: created, Members: []*ContentstackMember{{User: "bltauditor", Admin: true}}}},
	}
	for i := range size.Stacks {
		s := &ContentstackStack{
			UID: fmt.Sprintf("bltstack%05d", i), Name: fmt.Sprintf("Stack %d", i), Organization: "bltgenerated", Owner: "bltauditor",
			APIKey: Secret(ContentstackUserForm(), generatedSeed("stack", i)), Branches: texts("main"), CreatedAt: created,
			Environments: []*ContentstackEnvironment{{UID: "bltproduction", Name: "production", CreatedAt: created}, {UID: "bltstaging", Name: "staging", CreatedAt: created}},
		}
		for j := range size.TokensPerStack {
			uid := "blt" + stableID(hexDigits, 16, generatedSeed("stack token", i, j))
			branch := ContentstackScope{Module: "branch", Names: texts("main"), Read: true}
			if j%2 == 0 {
				s.DeliveryTokens = append(s.DeliveryTokens, &ContentstackDeliveryToken{
					UID: uid, Name: fmt.Sprintf("delivery %d", j), Secret: Secret(ContentstackTokenForm(), uid), CreatedBy: "bltauditor", CreatedAt: created,
					Scope: []ContentstackScope{{Module: "environment", Names: texts("production", "staging")[:1+j/2%2], Read: true}, branch},
				})
				continue
			}
			t := &ContentstackManagementToken{
				UID: uid, Name: fmt.Sprintf("management %d", j), Secret: Secret(ContentstackTokenForm(), uid), CreatedBy: "bltauditor", CreatedAt: created,
				Scope: []ContentstackScope{{Module: "content_type", Read: true, Write: true}, branch},
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

func (m moment) generateProject(i, tokens int) *DatoCMSProject {
	p := &DatoCMSProject{
		ID: fmt.Sprint(1000 + i), Name: fmt.Sprintf("project-%d", i), Domain: fmt.Sprintf("project-%d.admin.datocms.com", i), CreatedAt: m.ago(400),
		Environments: []*DatoCMSEnvironment{{ID: "main", Primary: true, CreatedAt: m.ago(400)}, {ID: "sandbox", ForkedFrom: "main", CreatedAt: m.ago(100)}},
		Roles:        []*DatoCMSRole{DatoCMSAdmin("30", "main"), DatoCMSEditor("31", "main"), DatoCMSReadOnly("32", "main")},
	}
	for j := range max(1, tokens) {
		t := &DatoCMSToken{
			ID: fmt.Sprint(100000 + i*1000 + j), Name: fmt.Sprintf("token %d", j), Role: texts("32", "31", "30")[j%3], CDA: j%2 == 1, CMA: j%2 == 0,
			Secret: Secret(DatoCMSTokenForm(), generatedSeed("project token", i, j)), LastCDA: DatoCMSUse{At: m.ago(j % 70)},
		}
		p.Tokens = append(p.Tokens, t)
	}
	return p
}
