package demo

import (
	"fmt"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentstack"
)

const contentstackOrganization = "blt3e71d1a4007f17e5"

// demoContentstack is an organization of eight stacks. The auditor is an admin
// of all but one.
func (m moment) contentstack() contentstack.State {
	organization := &contentstack.Organization{UID: contentstackOrganization, Name: "Meridian Outfitters EU", CreatedAt: m.ago(1400)}
	state := contentstack.State{Organizations: []*contentstack.Organization{organization}}
	for _, p := range people() {
		uid := p.id("contentstack")
		state.Users = append(state.Users, &contentstack.User{
			UID: uid, Email: p.email(), FirstName: p.first, LastName: p.last, CreatedAt: m.ago(1000),
			Authtokens: []string{emulator.Secret(contentstack.UserForm(), p.key)},
		})
		if p.role == "owner" {
			organization.Owner = uid
		}
		if !p.left {
			organization.Members = append(organization.Members, &contentstack.Member{User: uid, Admin: p.role == "owner" || p.role == "admin"})
		}
	}
	for _, s := range stackOutlines() {
		state.Stacks = append(state.Stacks, m.stack(s))
	}
	return state
}

// stackOutline is a stack in outline.
type stackOutline struct {
	name, auditorRole string
	noBranches        bool
	fronts            []string
	delivery          []deliveryOutline
	management        []managementOutline
	// runners is a number of like management tokens, one per CI runner.
	runners int
}

type deliveryOutline struct {
	name, description      string
	environments, branches []string
	preview                bool
	age                    int
}

type managementOutline struct {
	name, description, by string
	scope                 []contentstack.Scope
	// expires is in days from now; 0 means never, in the spelling of never.
	expires int
	never   contentstack.Never
	// sentinel overrides expires: a date too far away to mean anything.
	sentinel string
	notify   bool
	age      int
}

func everything(write bool) []contentstack.Scope {
	return []contentstack.Scope{{Module: "$all", Read: true, Write: write}, {Module: "branch", Names: texts("main"), Read: true}}
}

func contentTypes() []contentstack.Scope {
	return []contentstack.Scope{
		{Module: "content_type", Read: true, Write: true}, {Module: "entry", Read: true, Write: true}, {Module: "branch", Names: texts("main"), Read: true},
	}
}

func stackOutlines() []stackOutline {
	production, staging, main := texts("production"), texts("staging"), texts("main")
	both := texts("production", "staging")
	return []stackOutline{
		{name: "Product stories", auditorRole: contentstack.Admin, fronts: texts("Web", "App"), delivery: []deliveryOutline{
			{"web-preview", "Live preview for editors", staging, main, true, 210},
			{"all-environments", "One token for every Next.js build", both, main, true, 610},
			{"legacy-vue", "", texts("production", "vue-2"), texts("main", "vue-2"), false, 1210},
		}, management: []managementOutline{
			{name: "ci-deploy", description: "Publishes releases", scope: contentTypes(), expires: 75, notify: true, age: 290},
			{name: "import-2022", by: "pete", scope: everything(true), never: contentstack.NeverNull, age: 1300},
			{name: "reporting", description: "Counts entries", scope: everything(false), never: contentstack.NeverFlag, notify: true, age: 400},
		}},
		{name: "Magazine", auditorRole: contentstack.Admin, fronts: texts("Web", "Newsletter"), delivery: []deliveryOutline{
			{"printshop", "Print export, reads published issues", production, main, false, 333},
		}, management: []managementOutline{
			{name: "seed", description: "Made by the vendor's seed tool", scope: everything(true), sentinel: "3000-01-01", age: 830},
			{name: "issue-robot", description: "Creates the next issue", scope: contentTypes(), expires: 6, age: 359},
			{name: "old-issue-robot", description: "Replaced by issue-robot", scope: contentTypes(), expires: -6, age: 700},
		}},
		{name: "Retail signage", auditorRole: contentstack.Admin, noBranches: true, fronts: texts("Screens", "Price tags"), management: []managementOutline{
			{name: "signage-cms-sync", description: "Prices from the ERP", scope: contentTypes()[:2], never: contentstack.NeverAbsent, age: 560},
		}, runners: 9},
		{name: "Partner extranet", auditorRole: contentstack.Developer, fronts: texts("Extranet"), management: []managementOutline{
			{name: "partner-import", scope: everything(true), age: 420},
			{name: "crm", description: "Partner master records", scope: contentTypes(), expires: 200, notify: true, age: 100},
		}},
		{name: "Events", auditorRole: contentstack.Admin, fronts: texts("Web", "Badge printer"), delivery: []deliveryOutline{
			{"summer-camp", "", texts("summer-2024"), main, false, 800},
			{"no-scope", "Left over from a script", nil, nil, false, 95},
		}, management: []managementOutline{
			{name: "ticketing", description: "Sold-out flags", scope: contentTypes(), expires: 120, notify: true, age: 60},
		}},
		{name: "Japan site", auditorRole: contentstack.Admin, fronts: texts("Web", "LINE mini app"), delivery: []deliveryOutline{
			{"translations-vendor", "Both stages, agreed until the relaunch", both, main, false, 140},
		}, management: []managementOutline{
			{name: "translations", description: "Writes translated entries", scope: contentTypes(), expires: 340, notify: true, age: 25},
			{name: "backup", description: "Nightly export", scope: everything(false), expires: 180, notify: true, age: 180},
		}},
		{name: "Recipes", auditorRole: contentstack.Admin, fronts: texts("Web"), runners: 4},
		{name: "Sandbox", auditorRole: contentstack.Admin, management: []managementOutline{
			{name: "test", scope: everything(true), never: contentstack.NeverEmpty, age: 720},
			{name: "asdf", scope: everything(true), age: 30},
			{name: "nothing", description: "Made without any module", age: 15, expires: 30},
		}},
	}
}

func (m moment) stack(outline stackOutline) *contentstack.Stack {
	seed := "demo/stack/" + outline.name
	uid := func(what string) string { return "blt" + emulator.StableID(emulator.HexDigits, 16, seed+"/"+what) }
	person := func(key string) string { return personByKey(key).id("contentstack") }
	s := &contentstack.Stack{
		UID: uid("stack"), Name: outline.name, Organization: contentstackOrganization, APIKey: emulator.Secret(contentstack.UserForm(), seed),
		Owner: person("ines"), NoBranches: outline.noBranches, Branches: texts("main", "next"), Aliases: map[string]string{"live": "main"}, CreatedAt: m.ago(1350),
		Collaborators: []*contentstack.Collaborator{
			{User: person(auditor), Roles: []string{outline.auditorRole}}, {User: person("tom"), Roles: []string{contentstack.Admin}},
			{User: person("priya"), Roles: []string{contentstack.Developer}}, {User: person("hanna"), Roles: []string{"Content Manager"}},
		},
		Webhooks: []*contentstack.Webhook{{UID: uid("webhook"), Name: "Rebuild", URL: "https://builds.meridian.example", BasicUser: "ci", BasicPassword: emulator.Secret(emulator.PlainSecretForm(), seed)}},
	}
	for _, name := range texts("production", "staging", "development") {
		s.Environments = append(s.Environments, &contentstack.Environment{UID: uid("environment/" + name), Name: name, CreatedBy: person("tom"), CreatedAt: m.ago(1300)})
	}
	for i, front := range outline.fronts {
		outline.delivery = append(outline.delivery,
			deliveryOutline{front + " production", "Published content for: " + front, texts("production"), texts("main"), false, 200 + 73*i},
			deliveryOutline{front + " staging", "Staging of: " + front, texts("staging"), texts("main"), i == 0, 180 + 41*i},
		)
	}
	for i := range outline.runners {
		outline.management = append(outline.management, managementOutline{
			name: fmt.Sprintf("runner-%02d", i+1), description: "CI runner", scope: contentTypes(), expires: 30 + 11*i, notify: i%3 != 0, age: 200 - 9*i,
		})
	}
	for _, d := range outline.delivery {
		s.DeliveryTokens = append(s.DeliveryTokens, m.deliveryToken(uid("delivery/"+d.name), d, s))
	}
	for _, d := range outline.management {
		s.ManagementTokens = append(s.ManagementTokens, m.managementToken(uid("management/"+d.name), d, s))
	}
	return s
}

func (m moment) deliveryToken(uid string, d deliveryOutline, s *contentstack.Stack) *contentstack.DeliveryToken {
	t := &contentstack.DeliveryToken{
		UID: uid, Name: d.name, Description: d.description, Secret: emulator.Secret(contentstack.TokenForm(), uid),
		CreatedBy: personByKey("priya").id("contentstack"), CreatedAt: m.ago(d.age), UpdatedAt: m.ago(d.age / 3),
	}
	if d.environments != nil {
		t.Scope = append(t.Scope, contentstack.Scope{Module: "environment", Names: d.environments, Read: true})
	}
	if d.branches != nil && !s.NoBranches {
		t.Scope = append(t.Scope, contentstack.Scope{Module: "branch", Names: d.branches, Read: true})
	}
	if d.preview {
		t.PreviewSecret = emulator.Secret(contentstack.TokenForm(), "preview/"+uid)
	}
	return t
}

func (m moment) managementToken(uid string, d managementOutline, s *contentstack.Stack) *contentstack.ManagementToken {
	by := d.by
	if by == "" {
		by = "tom"
	}
	t := &contentstack.ManagementToken{
		UID: uid, Name: d.name, Description: d.description, Secret: emulator.Secret(contentstack.TokenForm(), uid), Scope: d.scope, Never: d.never, Notify: &d.notify,
		CreatedBy: personByKey(by).id("contentstack"), CreatedAt: m.ago(d.age), UpdatedAt: m.ago(d.age),
	}
	if s.NoBranches {
		t.Scope = slices.DeleteFunc(slices.Clone(d.scope), func(e contentstack.Scope) bool { return e.Module == "branch" })
	}
	if d.expires != 0 {
		t.ExpiresOn = m.day(d.expires)
	}
	if d.sentinel != "" {
		t.ExpiresOn = d.sentinel
	}
	return t
}
