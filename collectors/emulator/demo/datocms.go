package demo

import (
	"strconv"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/datocms"
)

// demoDatoCMS is six projects of different ages, so with different tokens that
// DatoCMS itself made, and the auditor's token of each.
func (m moment) datoCMS() (datocms.State, []DatoCMSCredential) {
	var state datocms.State
	var credentials []DatoCMSCredential
	for i, outline := range projectOutlines() {
		p := m.project(i, outline)
		state.Projects = append(state.Projects, p)
		credentials = append(credentials, DatoCMSCredential{Name: outline.name, Token: p.Tokens[0].Secret})
	}
	return state, credentials
}

// The roles of every project in the demo, by their place in datoCMSRoles.
const (
	roleAuditor = "Token audit"
	roleAdmin   = "Admin"
	roleEditor  = "Editor"
	roleReader  = "Read-only"
	roleBoth    = "Website, all environments"
	roleSchema  = "Migrations"
	roleDeploy  = "Deploy hook"
	roleShop    = "Shop editor"
)

// projectOutline is a project in outline.
type projectOutline struct {
	name, domain string
	// strongAuditor: the audit runs with an admin's token.
	strongAuditor bool
	tokens        []projectToken
}

// projectToken is a token of a project. The numbers are days since the last
// use, -1 for none on record.
type projectToken struct {
	name, role, hardcoded string
	cda, preview, cma     bool
	usedCDA, usedCMA      int
}

func fullAccess(usedCDA, usedCMA int) projectToken {
	return projectToken{"Full-access API token", "", "admin", true, true, true, usedCDA, usedCMA}
}

func readOnly(usedCDA int) projectToken {
	return projectToken{"Read-only API token", "", "readonly", true, true, false, usedCDA, -1}
}

func projectOutlines() []projectOutline {
	website := func(name string, used int) projectToken {
		return projectToken{name, roleReader, "", true, false, false, used, -1}
	}
	drafts := func(name string, used int) projectToken {
		return projectToken{name, roleReader, "", true, true, false, used, -1}
	}
	return []projectOutline{
		{name: "Blog", domain: "meridian-blog", tokens: []projectToken{
			fullAccess(0, 45), readOnly(0), website("Next.js production", 0), drafts("Next.js drafts", 1),
			{"RSS feed", roleEditor, "", true, false, false, 0, -1},
			{"comments-bot", roleEditor, "", true, false, true, 2, 0},
			{"migrations (CI)", roleSchema, "", false, false, true, -1, 4},
		}},
		{name: "Trail guides", domain: "meridian-trails", tokens: []projectToken{
			readOnly(-1), website("Astro site", 0), drafts("Preview worker", 3),
			{"all environments", roleBoth, "", true, true, false, 9, -1},
			{"map importer", roleShop, "", false, false, true, -1, 12},
			{"Algolia sync", roleReader, "", true, false, true, 0, -1},
		}},
		{name: "Recruiting", domain: "meridian-jobs", strongAuditor: true, tokens: []projectToken{
			website("Careers", 0), drafts("Careers drafts", 25),
			{"ATS sync", roleEditor, "", true, true, true, 0, 1},
			{"old ATS sync", roleEditor, "", true, true, true, -1, -1},
		}},
		{name: "Gift guide", domain: "meridian-gifts", tokens: []projectToken{
			website("Shop teaser", 0), drafts("Shop teaser drafts", 6),
			{"Shop teaser", roleReader, "", true, false, false, 70, -1},
			{"price import", roleShop, "", false, false, true, -1, 0},
			{"build hook", roleDeploy, "", false, false, true, -1, 2},
			{"nothing yet", roleReader, "", false, false, false, -1, -1},
		}},
		{name: "Sustainability report", domain: "meridian-report", tokens: []projectToken{
			fullAccess(-1, -1), readOnly(40), website("Report 2026", 1),
			{"agency", roleAdmin, "", true, true, true, -1, -1},
			{"chart sync", roleEditor, "", true, false, true, 0, -1},
		}},
		{name: "Press kit", domain: "meridian-press", tokens: []projectToken{
			website("Press site", 0), drafts("Press preview", 2),
			{"image bank", roleShop, "", true, false, true, 20, 33},
			{"newsletter", roleBoth, "", true, false, false, 4, -1},
			{"sitemap", roleShop, "", true, false, false, 1, -1},
		}},
	}
}

func (m moment) project(i int, outline projectOutline) *datocms.Project {
	seed := "demo/project/" + outline.name
	p := &datocms.Project{
		ID: strconv.Itoa(41200 + 37*i), Name: outline.name, Domain: outline.domain + ".admin.datocms.com",
		OwnerSecret: emulator.Secret(emulator.PlainSecretForm(), seed), MapsKey: emulator.Secret(emulator.PlainSecretForm(), seed+"/maps"), CreatedAt: m.ago(1500 - 200*i),
		Environments: []*datocms.Environment{
			{ID: "main", Primary: true, CreatedAt: m.ago(400)}, {ID: "staging", ForkedFrom: "main", CreatedAt: m.ago(90)},
		},
		Roles: datoCMSRoles(),
		Webhooks: []*datocms.Webhook{{
			ID: "1", Name: "Rebuild", URL: "https://builds.meridian.example", BasicUser: "ci", BasicPassword: emulator.Secret(emulator.PlainSecretForm(), seed+"/webhook"),
		}},
	}
	auditor := projectToken{"tokenaudit", roleAuditor, "", false, false, true, -1, 1}
	if outline.strongAuditor {
		auditor.role = roleAdmin
	}
	for j, t := range append([]projectToken{auditor}, outline.tokens...) {
		p.Tokens = append(p.Tokens, m.projectToken(strconv.Itoa(9000+100*i+j), t, p))
	}
	return p
}

func (m moment) projectToken(id string, outline projectToken, p *datocms.Project) *datocms.Token {
	t := &datocms.Token{
		ID: id, Name: outline.name, Hardcoded: outline.hardcoded, Secret: emulator.Secret(datocms.TokenForm(), "demo/"+id),
		CDA: outline.cda, Preview: outline.preview, CMA: outline.cma,
	}
	if role := emulator.Find(p.Roles, func(r *datocms.Role) bool { return r.Name == outline.role }); role != nil {
		t.Role = role.ID
	}
	if outline.usedCDA >= 0 {
		t.LastCDA.At = m.ago(outline.usedCDA)
	}
	if outline.usedCMA >= 0 {
		t.LastCMA.At = m.ago(outline.usedCMA)
	}
	return t
}

func datoCMSRoles() []*datocms.Role {
	admin, editor, reader := datocms.Admin("201", "main"), datocms.Editor("202", "main"), datocms.ReadOnly("203", "main")
	return []*datocms.Role{
		{ID: "200", Name: roleAuditor, Permissions: datocms.Permissions{Environments: "primary_only", Items: []datocms.ItemPermission{datocms.Item("read", "main")}}},
		admin, editor, reader,
		{ID: "204", Name: roleBoth, Permissions: datocms.Permissions{
			Environments: datocms.AllEnvironments,
			Items:        []datocms.ItemPermission{datocms.Item("read", "main"), datocms.Item("read", "staging")},
			Uploads:      []datocms.UploadPermission{datocms.Upload("read", "main"), datocms.Upload("read", "staging")},
		}},
		{ID: "205", Name: roleSchema, Permissions: datocms.Permissions{
			Flags: map[string]bool{"can_edit_schema": true}, Environments: "sandbox_only",
			Items: []datocms.ItemPermission{datocms.Item(datocms.AllEnvironments, "staging")},
		}},
		{ID: "206", Name: roleDeploy, Permissions: datocms.Permissions{Environments: "primary_only", BuildTriggers: []string{""}}},
		// Only what the editor's role gives it: rights are inherited.
		{ID: "207", Name: roleShop, InheritsFrom: []string{"202"}, Permissions: datocms.Permissions{
			NotItems: []datocms.ItemPermission{datocms.Item("delete", "main")},
		}},
	}
}
