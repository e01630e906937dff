package emulator

import (
	"fmt"
	"slices"
)

const demoContentstackOrganization = "blt3e71d1a4007f17e5"

// demoContentstack is an organization of eight stacks. The auditor is an admin
// of all but one.
func (m moment) demoContentstack() ContentstackState {
	organization := &ContentstackOrganization{UID: demoContentstackOrganization, Name: "Meridian Outfitters EU", CreatedAt: m.ago(1400)}
	state := ContentstackState{Organizations: []*ContentstackOrganization{organization}}
	for _, p := range demoPeople() {
		uid := p.demoID("contentstack")
		state.Users = append(state.Users, &ContentstackUser{
			UID: uid, Email: p.email(), FirstName: p.first, LastName: p.last, CreatedAt: m.ago(1000),
			Authtokens: []string{Secret(ContentstackUserForm(), p.key)},
		})
		if p.role == "owner" {
			organization.Owner = uid
		}
		if !p.left {
			organization.Members = append(organization.Members, &ContentstackMember{User: uid, Admin: p.role == "owner" || p.role == "admin"})
		}
	}
	for _, s := range demoStacks() {
		state.Stacks = append(state.Stacks, m.demoStack(s))
	}
	return state
}

// demoStack is a stack in outline.
type demoStack struct {
	name, auditorRole string
	noBranches        bool
	fronts            []string
	delivery          []demoDelivery
	management        []demoManagement
	// runners is a number of like management tokens, one per CI runner.
	runners int
}

type demoDelivery struct {
	name, description      string
	environments, branches []string
	preview                bool
	age                    int
}

type demoManagement struct {
	name, description, by string
	scope                 []ContentstackScope
	// expires is in days from now; 0 means never, in the spelling of never.
	expires int
	never   ContentstackNever
	// sentinel overrides expires: a date too far away to mean anything.
	sentinel string
	notify   bool
	age      int
}

func everything(write bool) []ContentstackScope {
	return []ContentstackScope{{Module: "$all", Read: true, Write: write}, {Module: "branch", Names: texts("main"), Read: true}}
}

func contentTypes() []ContentstackScope {
	return []ContentstackScope{
		{Module: "content_type", Read: true, Write: true}, {Module: "entry", Read: true, Write: true}, {Module: "branch", Names: texts("main"), Read: true},
	}
}

func demoStacks() []demoStack {
	production, staging, main := texts("production"), texts("staging"), texts("main")
	both := texts("production", "staging")
	return []demoStack{
		{name: "Product stories", auditorRole: ContentstackAdmin, fronts: texts("Web", "App"), delivery: []demoDelivery{
			{"web-preview", "Live preview for editors", staging, main, true, 210},
			{"all-environments", "One token for every Next.js build", both, main, true, 610},
			{"legacy-vue", "", texts("production", "vue-2"), texts("main", "vue-2"), false, 1210},
		}, management: []demoManagement{
			{name: "ci-deploy", description: "Publishes releases", scope: contentTypes(), expires: 75, notify: true, age: 290},
			{name: "import-2022", by: "pete", scope: everything(true), never: ContentstackNeverNull, age: 1300},
			{name: "reporting", description: "Counts entries", scope: everything(false), never: ContentstackNeverFlag, notify: true, age: 400},
		}},
		{name: "Magazine", auditorRole: ContentstackAdmin, fronts: texts("Web", "Newsletter"), delivery: []demoDelivery{
			{"printshop", "Print export, reads published issues", production, main, false, 333},
		}, management: []demoManagement{
			{name: "seed", description: "Made by the vendor's seed tool", scope: everything(true), sentinel: "3000-01-01", age: 830},
			{name: "issue-robot", description: "Creates the next issue", scope: contentTypes(), expires: 6, age: 359},
			{name: "old-issue-robot", description: "Replaced by issue-robot", scope: contentTypes(), expires: -6, age: 700},
		}},
		{name: "Retail signage", auditorRole: ContentstackAdmin, noBranches: true, fronts: texts("Screens", "Price tags"), management: []demoManagement{
			{name: "signage-cms-sync", description: "Prices from the ERP", scope: contentTypes()[:2], never: ContentstackNeverAbsent, age: 560},
		}, runners: 9},
		{name: "Partner extranet", auditorRole: ContentstackDeveloper, fronts: texts("Extranet"), management: []demoManagement{
			{name: "partner-import", scope: everything(true), age: 420},
			{name: "crm", description: "Partner master records", scope: contentTypes(), expires: 200, notify: true, age: 100},
		}},
		{name: "Events", auditorRole: ContentstackAdmin, fronts: texts("Web", "Badge printer"), delivery: []demoDelivery{
			{"summer-camp", "", texts("summer-2024"), main, false, 800},
			{"no-scope", "Left over from a script", nil, nil, false, 95},
		}, management: []demoManagement{
			{name: "ticketing", description: "Sold-out flags", scope: contentTypes(), expires: 120, notify: true, age: 60},
		}},
		{name: "Japan site", auditorRole: ContentstackAdmin, fronts: texts("Web", "LINE mini app"), delivery: []demoDelivery{
			{"translations-vendor", "Both stages, agreed until the relaunch", both, main, false, 140},
		}, management: []demoManagement{
			{name: "translations", description: "Writes translated entries", scope: contentTypes(), expires: 340, notify: true, age: 25},
			{name: "backup", description: "Nightly export", scope: everything(false), expires: 180, notify: true, age: 180},
		}},
		{name: "Recipes", auditorRole: ContentstackAdmin, fronts: texts("Web"), runners: 4},
		{name: "Sandbox", auditorRole: ContentstackAdmin, management: []demoManagement{
			{name: "test", scope: everything(true), never: ContentstackNeverEmpty, age: 720},
			{name: "asdf", scope: everything(true), age: 30},
			{name: "nothing", description: "Made without any module", age: 15, expires: 30},
		}},
	}
}

func (m moment) demoStack(outline demoStack) *ContentstackStack {
	seed := "demo/stack/" + outline.name
	uid := func(what string) string { return "blt" + stableID(hexDigits, 16, seed+"/"+what) }
	person := func(key string) string { return demoPersonByKey(key).demoID("contentstack") }
	s := &ContentstackStack{
		UID: uid("stack"), Name: outline.name, Organization: demoContentstackOrganization, APIKey: Secret(ContentstackUserForm(), seed),
		Owner: person("ines"), NoBranches: outline.noBranches, Branches: texts("main", "next"), Aliases: map[string]string{"live": "main"}, CreatedAt: m.ago(1350),
		Collaborators: []*ContentstackCollaborator{
			{User: person(demoAuditor), Roles: []string{outline.auditorRole}}, {User: person("tom"), Roles: []string{ContentstackAdmin}},
			{User: person("priya"), Roles: []string{ContentstackDeveloper}}, {User: person("hanna"), Roles: []string{"Content Manager"}},
		},
		Webhooks: []*ContentstackWebhook{{UID: uid("webhook"), Name: "Rebuild", URL: "https://builds.meridian.example", BasicUser: "ci", BasicPassword: Secret(PlainSecretForm(), seed)}},
	}
	for _, name := range texts("production", "staging", "development") {
		s.Environments = append(s.Environments, &ContentstackEnvironment{UID: uid("environment/" + name), Name: name, CreatedBy: person("tom"), CreatedAt: m.ago(1300)})
	}
	for i, front := range outline.fronts {
		outline.delivery = append(outline.delivery,
			demoDelivery{front + " production", "Published content for: " + front, texts("production"), texts("main"), false, 200 + 73*i},
			demoDelivery{front + " staging", "Staging of: " + front, texts("staging"), texts("main"), i == 0, 180 + 41*i},
		)
	}
	for i := range outline.runners {
		outline.management = append(outline.management, demoManagement{
			name: fmt.Sprintf("runner-%02d", i+1), description: "CI runner", scope: contentTypes(), expires: 30 + 11*i, notify: i%3 != 0, age: 200 - 9*i,
		})
	}
	for _, d := range outline.delivery {
		s.DeliveryTokens = append(s.DeliveryTokens, m.demoDeliveryToken(uid("delivery/"+d.name), d, s))
	}
	for _, d := range outline.management {
		s.ManagementTokens = append(s.ManagementTokens, m.demoManagementToken(uid("management/"+d.name), d, s))
	}
	return s
}

func (m moment) demoDeliveryToken(uid string, d demoDelivery, s *ContentstackStack) *ContentstackDeliveryToken {
	t := &ContentstackDeliveryToken{
		UID: uid, Name: d.name, Description: d.description, Secret: Secret(ContentstackTokenForm(), uid),
		CreatedBy: demoPersonByKey("priya").demoID("contentstack"), CreatedAt: m.ago(d.age), UpdatedAt: m.ago(d.age / 3),
	}
	if d.environments != nil {
		t.Scope = append(t.Scope, ContentstackScope{Module: "environment", Names: d.environments, Read: true})
	}
	if d.branches != nil && !s.NoBranches {
		t.Scope = append(t.Scope, ContentstackScope{Module: "branch", Names: d.branches, Read: true})
	}
	if d.preview {
		t.PreviewSecret = Secret(ContentstackTokenForm(), "preview/"+uid)
	}
	return t
}

func (m moment) demoManagementToken(uid string, d demoManagement, s *ContentstackStack) *ContentstackManagementToken {
	by := d.by
	if by == "" {
		by = "tom"
	}
	t := &ContentstackManagementToken{
		UID: uid, Name: d.name, Description: d.description, Secret: Secret(ContentstackTokenForm(), uid), Scope: d.scope, Never: d.never, Notify: &d.notify,
		CreatedBy: demoPersonByKey(by).demoID("contentstack"), CreatedAt: m.ago(d.age), UpdatedAt: m.ago(d.age),
	}
	if s.NoBranches {
		t.Scope = slices.DeleteFunc(slices.Clone(d.scope), func(e ContentstackScope) bool { return e.Module == "branch" })
	}
	if d.expires != 0 {
		t.ExpiresOn = m.day(d.expires)
	}
	if d.sentinel != "" {
		t.ExpiresOn = d.sentinel
	}
	return t
}
