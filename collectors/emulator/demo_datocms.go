package emulator

import (
	"strconv"
)

// demoDatoCMS is six projects of different ages, so with different tokens that
// DatoCMS itself made, and the auditor's token of each.
func (m moment) demoDatoCMS() (DatoCMSState, []DatoCMSCredential) {
	var state DatoCMSState
	var credentials []DatoCMSCredential
	for i, outline := range demoProjects() {
		p := m.demoProject(i, outline)
		state.Projects = append(state.Projects, p)
		credentials = append(credentials, DatoCMSCredential{Name: outline.name, Token: p.Tokens[0].Secret})
	}
	return state, credentials
}

// The roles of every project in the demo, by their place in demoDatoRoles.
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

// demoProject is a project in outline.
type demoProject struct {
	name, domain string
	// strongAuditor: the audit runs with an admin's token.
	strongAuditor bool
	tokens        []demoDatoToken
}

// demoDatoToken is a token of a project. The numbers are days since the last
// use, -1 for none on record.
type demoDatoToken struct {
	name, role, hardcoded string
	cda, preview, cma     bool
	usedCDA, usedCMA      int
}

func fullAccess(usedCDA, usedCMA int) demoDatoToken {
	return demoDatoToken{"Full-access API token", "", "admin", true, true, true, usedCDA, usedCMA}
}

func readOnly(usedCDA int) demoDatoToken {
	return demoDatoToken{"Read-only API token", "", "readonly", true, true, false, usedCDA, -1}
}

func demoProjects() []demoProject {
	website := func(name string, used int) demoDatoToken {
		return demoDatoToken{name, roleReader, "", true, false, false, used, -1}
	}
	drafts := func(name string, used int) demoDatoToken {
		return demoDatoToken{name, roleReader, "", true, true, false, used, -1}
	}
	return []demoProject{
		{name: "Blog", domain: "meridian-blog", tokens: []demoDatoToken{
			fullAccess(0, 45), readOnly(0), website("Next.js production", 0), drafts("Next.js drafts", 1),
			{"RSS feed", roleEditor, "", true, false, false, 0, -1},
			{"comments-bot", roleEditor, "", true, false, true, 2, 0},
			{"migrations (CI)", roleSchema, "", false, false, true, -1, 4},
		}},
		{name: "Trail guides", domain: "meridian-trails", tokens: []demoDatoToken{
			readOnly(-1), website("Astro site", 0), drafts("Preview worker", 3),
			{"all environments", roleBoth, "", true, true, false, 9, -1},
			{"map importer", roleShop, "", false, false, true, -1, 12},
			{"Algolia sync", roleReader, "", true, false, true, 0, -1},
		}},
		{name: "Recruiting", domain: "meridian-jobs", strongAuditor: true, tokens: []demoDatoToken{
			website("Careers", 0), drafts("Careers drafts", 25),
			{"ATS sync", roleEditor, "", true, true, true, 0, 1},
			{"old ATS sync", roleEditor, "", true, true, true, -1, -1},
		}},
		{name: "Gift guide", domain: "meridian-gifts", tokens: []demoDatoToken{
			website("Shop teaser", 0), drafts("Shop teaser drafts", 6),
			{"Shop teaser", roleReader, "", true, false, false, 70, -1},
			{"price import", roleShop, "", false, false, true, -1, 0},
			{"build hook", roleDeploy, "", false, false, true, -1, 2},
			{"nothing yet", roleReader, "", false, false, false, -1, -1},
		}},
		{name: "Sustainability report", domain: "meridian-report", tokens: []demoDatoToken{
			fullAccess(-1, -1), readOnly(40), website("Report 2026", 1),
			{"agency", roleAdmin, "", true, true, true, -1, -1},
			{"chart sync", roleEditor, "", true, false, true, 0, -1},
		}},
		{name: "Press kit", domain: "meridian-press", tokens: []demoDatoToken{
			website("Press site", 0), drafts("Press preview", 2),
			{"image bank", roleShop, "", true, false, true, 20, 33},
			{"newsletter", roleBoth, "", true, false, false, 4, -1},
			{"sitemap", roleShop, "", true, false, false, 1, -1},
		}},
	}
}

func (m moment) demoProject(i int, outline demoProject) *DatoCMSProject {
	seed := "demo/project/" + outline.name
	p := &DatoCMSProject{
		ID: strconv.Itoa(41200 + 37*i), Name: outline.name, Domain: outline.domain + ".admin.datocms.com",
		OwnerSecret: Secret(PlainSecretForm(), seed), MapsKey: Secret(PlainSecretForm(), seed+"/maps"), CreatedAt: m.ago(1500 - 200*i),
		Environments: []*DatoCMSEnvironment{
			{ID: "main", Primary: true, CreatedAt: m.ago(400)}, {ID: "staging", ForkedFrom: "main", CreatedAt: m.ago(90)},
		},
		Roles: demoDatoRoles(),
		Webhooks: []*DatoCMSWebhook{{
			ID: "1", Name: "Rebuild", URL: "https://builds.meridian.example", BasicUser: "ci", BasicPassword: Secret(PlainSecretForm(), seed+"/webhook"),
		}},
	}
	auditor := demoDatoToken{"tokenaudit", roleAuditor, "", false, false, true, -1, 1}
	if outline.strongAuditor {
		auditor.role = roleAdmin
	}
	for j, t := range append([]demoDatoToken{auditor}, outline.tokens...) {
		p.Tokens = append(p.Tokens, m.demoDatoToken(strconv.Itoa(9000+100*i+j), t, p))
	}
	return p
}

func (m moment) demoDatoToken(id string, outline demoDatoToken, p *DatoCMSProject) *DatoCMSToken {
	t := &DatoCMSToken{
		ID: id, Name: outline.name, Hardcoded: outline.hardcoded, Secret: Secret(DatoCMSTokenForm(), "demo/"+id),
		CDA: outline.cda, Preview: outline.preview, CMA: outline.cma,
	}
	if role := find(p.Roles, func(r *DatoCMSRole) bool { return r.Name == outline.role }); role != nil {
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

func demoDatoRoles() []*DatoCMSRole {
	admin, editor, reader := DatoCMSAdmin("201", "main"), DatoCMSEditor("202", "main"), DatoCMSReadOnly("203", "main")
	return []*DatoCMSRole{
		{ID: "200", Name: roleAuditor, Permissions: DatoCMSPermissions{Environments: "primary_only", Items: []DatoCMSItemPermission{DatoCMSItem("read", "main")}}},
		admin, editor, reader,
		{ID: "204", Name: roleBoth, Permissions: DatoCMSPermissions{
			Environments: datoCMSAll,
			Items:        []DatoCMSItemPermission{DatoCMSItem("read", "main"), DatoCMSItem("read", "staging")},
			Uploads:      []DatoCMSUploadPermission{DatoCMSUpload("read", "main"), DatoCMSUpload("read", "staging")},
		}},
		{ID: "205", Name: roleSchema, Permissions: DatoCMSPermissions{
			Flags: map[string]bool{"can_edit_schema": true}, Environments: "sandbox_only",
			Items: []DatoCMSItemPermission{DatoCMSItem(datoCMSAll, "staging")},
		}},
		{ID: "206", Name: roleDeploy, Permissions: DatoCMSPermissions{Environments: "primary_only", BuildTriggers: []string{""}}},
		// Only what the editor's role gives it: rights are inherited.
		{ID: "207", Name: roleShop, InheritsFrom: []string{"202"}, Permissions: DatoCMSPermissions{
			NotItems: []DatoCMSItemPermission{DatoCMSItem("delete", "main")},
		}},
	}
}
