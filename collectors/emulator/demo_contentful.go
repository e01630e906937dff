package emulator

import (
	"fmt"
	"slices"
)

const demoContentfulOrganization = "3mERiDiAnOutf1tters0rg"

// demoContentful is an organization of eleven spaces.
func (m moment) demoContentful() ContentfulState {
	organization := &ContentfulOrganization{
		ID: demoContentfulOrganization, Name: "Meridian Outfitters", CreatedAt: m.ago(2100),
		Teams: []*ContentfulTeam{
			{ID: stableID(base62, 22, "demo/team/web"), Name: "Web platform", Users: demoIDs("priya", "jonas", "mei", "sam")},
			{ID: stableID(base62, 22, "demo/team/editorial"), Name: "Editorial", Users: demoIDs("marek", "hanna", "omar", "elif")},
		},
		Apps: []*ContentfulApp{
			m.demoApp("Image focus point", "jonas", 820, 3, 0), m.demoApp("Translation bridge", "pete", 1300, 240, -1),
		},
	}
	state := ContentfulState{Organizations: []*ContentfulOrganization{organization}}
	for _, p := range demoPeople() {
		id := p.demoID("contentful")
		state.Users = append(state.Users, &ContentfulUser{
			ID: id, FirstName: p.first, LastName: p.last, Email: p.email(), Deactivated: p.deactivated,
			TwoFactor: p.role == "owner" || p.role == "admin", CreatedAt: m.ago(900 + len(p.last)*17),
		})
		if p.left {
			organization.FormerMembers = append(organization.FormerMembers, id)
			continue
		}
		membership := &ContentfulMembership{ID: stableID(base62, 22, "demo/membership/"+p.key), User: id, Role: p.role, CreatedAt: m.ago(890)}
		if p.idle >= 0 {
			membership.LastActiveAt = m.ago(p.idle)
		}
		organization.Memberships = append(organization.Memberships, membership)
	}
	for _, s := range demoSpaces() {
		state.Spaces = append(state.Spaces, m.demoSpace(s))
	}
	state.Tokens = m.demoContentfulTokens()
	return state
}

func demoIDs(keys ...string) []string {
	var ids []string
	for _, key := range keys {
		ids = append(ids, demoPersonByKey(key).demoID("contentful"))
	}
	return ids
}

// demoApp makes an app with a key for each number of days since its last use;
// -1 means never used.
func (m moment) demoApp(name, by string, age int, used ...int) *ContentfulApp {
	a := &ContentfulApp{
		ID: stableID(base62, 22, "demo/app/"+name), Name: name, CreatedBy: demoIDs(by)[0], CreatedAt: m.ago(age),
		SigningSecret: Secret(PlainSecretForm(), "demo/app/"+name),
	}
	for i, days := range used {
		k := &ContentfulAppKey{ID: stableID(base62, 43, fmt.Sprint("demo/app key/", name, i)), CreatedBy: a.CreatedBy, CreatedAt: m.ago(age - i)}
		if days >= 0 {
			k.LastUsedAt = m.ago(days)
		}
		a.Keys = append(a.Keys, k)
	}
	return a
}

// demoSite is a space in outline.
type demoSite struct {
	name string
	// fronts are what reads the space: each has a key for production, and those
	// marked with "+" one for staging too.
	fronts []string
	extra  []demoKey
	// noAlias: master is an environment and not an alias.
	noAlias, hibernated, archived bool
}

// demoKey is a delivery key with its preview twin.
type demoKey struct {
	name, description string
	environments      []string
	// drift are the environments of the twin; nil for the same.
	drift []string
	age   int
}

func demoSpaces() []demoSite {
	return []demoSite{
		{name: "Web shop", fronts: texts("Storefront+", "Checkout+", "Search indexer", "Product feed", "iOS app", "Android app"), extra: []demoKey{
			{"Vercel preview", "All preview deployments of the storefront", texts("master", "staging", "qa"), nil, 410},
			{"Storefront blue/green", "Reads the release through its alias and by its own name", texts("master", "master-2026-10-14"), nil, 38},
			{"load-test", "", texts("qa", "perf-2024"), nil, 640},
		}},
		{name: "Brand site", fronts: texts("Website+", "Sitemap generator"), extra: []demoKey{
			{"Netlify", "Production and branch deploys", texts("master", "staging"), nil, 900},
			{"Website production", "", texts("master"), nil, 1430},
			{"Agency (Studio Nord)", "Relaunch 2024", texts("relaunch"), nil, 820},
		}},
		{name: "Help center", fronts: texts("Support widget+", "Chatbot", "Zendesk sync")},
		{name: "Mobile app", fronts: texts("iOS", "Android", "Push composer+"), extra: []demoKey{
			{"Editorial preview app", "Lets editors see drafts on a phone", texts("master"), texts("master", "staging", "qa"), 300},
		}},
		{name: "Store locator", fronts: texts("Locator", "Google Business sync"), noAlias: true},
		{name: "Loyalty program", fronts: texts("Member portal+", "Points e-mails"), extra: []demoKey{
			{"test", "", texts("master", "staging"), nil, 77},
		}},
		{name: "Campaigns", fronts: texts("Landing pages+", "Ad creatives"), extra: []demoKey{
			{"Black Friday 2025", "", texts("black-friday"), nil, 400},
			{"Black Friday 2026", "Microsite, ends in December", texts("black-friday-2026"), nil, 30},
		}},
		{name: "Wholesale portal", fronts: texts("Portal+", "Price list export"), noAlias: true},
		{name: "Careers", fronts: texts("Careers page", "Job board feed")},
		{name: "Newsroom", hibernated: true},
		{name: "Catalog 2021", fronts: texts("Flipbook"), noAlias: true, archived: true},
	}
}

func (m moment) demoSpace(site demoSite) *ContentfulSpace {
	seed := "demo/space/" + site.name
	s := &ContentfulSpace{
		ID: stableID("0123456789abcdefghijklmnopqrstuvwxyz", 12, seed), Name: site.name, Organization: demoContentfulOrganization,
		CreatedAt: m.ago(1200 + 31*len(site.name)), Hibernated: site.hibernated,
		Environments: []*ContentfulEnvironment{{ID: "staging", CreatedAt: m.ago(800)}, {ID: "qa", CreatedAt: m.ago(500)}},
		Roles:        demoRoles(seed),
	}
	if site.archived {
		s.ArchivedAt = m.ago(200)
	}
	if site.noAlias {
		s.Environments = append(s.Environments, &ContentfulEnvironment{ID: "master", CreatedAt: s.CreatedAt})
	} else {
		s.Environments = append(s.Environments, &ContentfulEnvironment{ID: "master-2026-10-14", CreatedAt: m.ago(39)})
		s.Aliases = []*ContentfulAlias{{ID: "master", Environment: "master-2026-10-14"}}
	}
	if site.name == "Campaigns" {
		s.Environments = append(s.Environments, &ContentfulEnvironment{ID: "black-friday-2026", CreatedAt: m.ago(31)})
	}
	for i, key := range site.keys() {
		s.Keys = append(s.Keys, m.demoKey(fmt.Sprint(seed, "/", i), key))
	}
	if site.name == "Brand site" {
		s.OrphanPreviewKeys = []*ContentfulPreviewKey{{ID: stableID(base62, 22, seed+"/orphan"), Name: "Website 2019", Secret: Secret(ContentfulKeyForm(), seed+"/orphan")}}
	}
	web, editorial := stableID(base62, 22, "demo/team/web"), stableID(base62, 22, "demo/team/editorial")
	s.Members = []*ContentfulSpaceMember{
		{ID: stableID(base62, 22, seed+"/web"), Team: web, Roles: []string{s.Roles[1].ID}},
		{ID: stableID(base62, 22, seed+"/editorial"), Team: editorial, Roles: []string{s.Roles[0].ID}},
		{ID: stableID(base62, 22, seed+"/admin"), User: demoIDs("lucia")[0], Admin: site.name == "Web shop", Roles: []string{s.Roles[2].ID}},
		{ID: stableID(base62, 22, seed+"/deploy"), User: demoIDs("deploy")[0], Roles: []string{s.Roles[1].ID}},
	}
	s.Webhooks = []*ContentfulWebhook{{
		ID: stableID(base62, 22, seed+"/webhook"), Name: "Rebuild", URL: "https://builds.meridian.example/hooks", Topics: texts("Entry.publish"), CreatedAt: s.CreatedAt,
		Headers: []ContentfulWebhookHeader{{Key: "Authorization", Value: "Bearer " + Secret(PlainSecretForm(), seed+"/webhook")}},
	}}
	return s
}

// keys are those of the fronts, and the extra ones.
func (site demoSite) keys() []demoKey {
	var keys []demoKey
	for i, front := range site.fronts {
		name, staging := front, false
		if front[len(front)-1] == '+' {
			name, staging = front[:len(front)-1], true
		}
		description := "Published content for: " + name
		if (i+len(site.name))%5 == 0 {
			description = ""
		}
		keys = append(keys, demoKey{name + " production", description, texts("master"), nil, 90 + 43*(i+len(name)%7)})
		if staging {
			keys = append(keys, demoKey{name + " staging", "Staging of: " + name, texts("staging"), nil, 90 + 61*i})
		}
	}
	return append(keys, site.extra...)
}

func (m moment) demoKey(seed string, key demoKey) *ContentfulKey {
	k := &ContentfulKey{
		ID: stableID(base62, 22, seed), Name: key.name, Secret: Secret(ContentfulKeyForm(), seed), Environments: key.environments,
		CreatedBy: demoIDs("jonas")[0], CreatedAt: m.ago(key.age), UpdatedAt: m.ago(key.age / 2), Version: 1,
		Preview: &ContentfulPreviewKey{
			ID: stableID(base62, 22, seed+"/preview"), Name: key.name, Secret: Secret(ContentfulKeyForm(), seed+"/preview"), Environments: key.drift,
		},
	}
	if key.description != "" {
		k.Description = &key.description
	}
	return k
}

func demoRoles(seed string) []*ContentfulRole {
	role := func(name, description string, permissions map[string]any, actions any) *ContentfulRole {
		return &ContentfulRole{
			ID: stableID(base62, 22, seed+"/role/"+name), Name: name, Description: description, Permissions: permissions,
			Policies: []ContentfulPolicy{{Effect: "allow", Actions: actions, Constraint: object{"and": []any{object{"equals": []any{object{"doc": "sys.type"}, "Entry"}}}}}},
		}
	}
	return []*ContentfulRole{
		role("Editor", "Writes and publishes entries", map[string]any{"ContentModel": texts("read")}, "all"),
		role("Developer", "Changes the content model and API keys", map[string]any{"ContentModel": "all", "ContentDelivery": "all", "Environments": "all"}, "all"),
		role("Translator", "", map[string]any{"ContentModel": texts("read")}, slices.Clone(texts("read", "update"))),
		role("Freelancer", "Reads only", map[string]any{"ContentModel": texts("read")}, slices.Clone(texts("read"))),
	}
}
