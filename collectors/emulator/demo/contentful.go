package demo

import (
	"fmt"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentful"
)

const contentfulOrganization = "3mERiDiAnOutf1tters0rg"

// demoContentful is an organization of eleven spaces.
func (m moment) contentful() contentful.State {
	organization := &contentful.Organization{
		ID: contentfulOrganization, Name: "Meridian Outfitters", CreatedAt: m.ago(2100),
		Teams: []*contentful.Team{
			{ID: emulator.StableID(emulator.Base62, 22, "demo/team/web"), Name: "Web platform", Users: ids("priya", "jonas", "mei", "sam")},
			{ID: emulator.StableID(emulator.Base62, 22, "demo/team/editorial"), Name: "Editorial", Users: ids("marek", "hanna", "omar", "elif")},
		},
		Apps: []*contentful.App{
			m.app("Image focus point", "jonas", 820, 3, 0), m.app("Translation bridge", "pete", 1300, 240, -1),
		},
	}
	state := contentful.State{Organizations: []*contentful.Organization{organization}}
	for _, p := range people() {
		id := p.id("contentful")
		state.Users = append(state.Users, &contentful.User{
			ID: id, FirstName: p.first, LastName: p.last, Email: p.email(), Deactivated: p.deactivated,
			TwoFactor: p.role == "owner" || p.role == "admin", CreatedAt: m.ago(900 + len(p.last)*17),
		})
		if p.left {
			organization.FormerMembers = append(organization.FormerMembers, id)
			continue
		}
		membership := &contentful.Membership{ID: emulator.StableID(emulator.Base62, 22, "demo/membership/"+p.key), User: id, Role: p.role, CreatedAt: m.ago(890)}
		if p.idle >= 0 {
			membership.LastActiveAt = m.ago(p.idle)
		}
		organization.Memberships = append(organization.Memberships, membership)
	}
	for _, s := range sites() {
		state.Spaces = append(state.Spaces, m.space(s))
	}
	state.Tokens = m.contentfulTokens()
	return state
}

func ids(keys ...string) []string {
	var ids []string
	for _, key := range keys {
		ids = append(ids, personByKey(key).id("contentful"))
	}
	return ids
}

// demoApp makes an app with a key for each number of days since its last use;
// -1 means never used.
func (m moment) app(name, by string, age int, used ...int) *contentful.App {
	a := &contentful.App{
		ID: emulator.StableID(emulator.Base62, 22, "demo/app/"+name), Name: name, CreatedBy: ids(by)[0], CreatedAt: m.ago(age),
		SigningSecret: emulator.Secret(emulator.PlainSecretForm(), "demo/app/"+name),
	}
	for i, days := range used {
		k := &contentful.AppKey{ID: emulator.StableID(emulator.Base62, 43, fmt.Sprint("demo/app key/", name, i)), CreatedBy: a.CreatedBy, CreatedAt: m.ago(age - i)}
		if days >= 0 {
			k.LastUsedAt = m.ago(days)
		}
		a.Keys = append(a.Keys, k)
	}
	return a
}

// site is a space in outline.
type site struct {
	name string
	// fronts are what reads the space: each has a key for production, and those
	// marked with "+" one for staging too.
	fronts []string
	extra  []apiKey
	// noAlias: master is an environment and not an alias.
	noAlias, hibernated, archived bool
}

// apiKey is a delivery key with its preview twin.
type apiKey struct {
	name, description string
	environments      []string
	// drift are the environments of the twin; nil for the same.
	drift []string
	age   int
}

func sites() []site {
	return []site{
		{name: "Web shop", fronts: texts("Storefront+", "Checkout+", "Search indexer", "Product feed", "iOS app", "Android app"), extra: []apiKey{
			{"Vercel preview", "All preview deployments of the storefront", texts("master", "staging", "qa"), nil, 410},
			{"Storefront blue/green", "Reads the release through its alias and by its own name", texts("master", "master-2026-10-14"), nil, 38},
			{"load-test", "", texts("qa", "perf-2024"), nil, 640},
		}},
		{name: "Brand site", fronts: texts("Website+", "Sitemap generator"), extra: []apiKey{
			{"Netlify", "Production and branch deploys", texts("master", "staging"), nil, 900},
			{"Website production", "", texts("master"), nil, 1430},
			{"Agency (Studio Nord)", "Relaunch 2024", texts("relaunch"), nil, 820},
		}},
		{name: "Help center", fronts: texts("Support widget+", "Chatbot", "Zendesk sync")},
		{name: "Mobile app", fronts: texts("iOS", "Android", "Push composer+"), extra: []apiKey{
			{"Editorial preview app", "Lets editors see drafts on a phone", texts("master"), texts("master", "staging", "qa"), 300},
		}},
		{name: "Store locator", fronts: texts("Locator", "Google Business sync"), noAlias: true},
		{name: "Loyalty program", fronts: texts("Member portal+", "Points e-mails"), extra: []apiKey{
			{"test", "", texts("master", "staging"), nil, 77},
		}},
		{name: "Campaigns", fronts: texts("Landing pages+", "Ad creatives"), extra: []apiKey{
			{"Black Friday 2025", "", texts("black-friday"), nil, 400},
			{"Black Friday 2026", "Microsite, ends in December", texts("black-friday-2026"), nil, 30},
		}},
		{name: "Wholesale portal", fronts: texts("Portal+", "Price list export"), noAlias: true},
		{name: "Careers", fronts: texts("Careers page", "Job board feed")},
		{name: "Newsroom", hibernated: true},
		{name: "Catalog 2021", fronts: texts("Flipbook"), noAlias: true, archived: true},
	}
}

func (m moment) space(site site) *contentful.Space {
	seed := "demo/space/" + site.name
	s := &contentful.Space{
		ID: emulator.StableID("0123456789abcdefghijklmnopqrstuvwxyz", 12, seed), Name: site.name, Organization: contentfulOrganization,
		CreatedAt: m.ago(1200 + 31*len(site.name)), Hibernated: site.hibernated,
		Environments: []*contentful.Environment{{ID: "staging", CreatedAt: m.ago(800)}, {ID: "qa", CreatedAt: m.ago(500)}},
		Roles:        contentfulRoles(seed),
	}
	if site.archived {
		s.ArchivedAt = m.ago(200)
	}
	if site.noAlias {
		s.Environments = append(s.Environments, &contentful.Environment{ID: "master", CreatedAt: s.CreatedAt})
	} else {
		s.Environments = append(s.Environments, &contentful.Environment{ID: "master-2026-10-14", CreatedAt: m.ago(39)})
		s.Aliases = []*contentful.Alias{{ID: "master", Environment: "master-2026-10-14"}}
	}
	if site.name == "Campaigns" {
		s.Environments = append(s.Environments, &contentful.Environment{ID: "black-friday-2026", CreatedAt: m.ago(31)})
	}
	for i, key := range site.keys() {
		s.Keys = append(s.Keys, m.key(fmt.Sprint(seed, "/", i), key))
	}
	if site.name == "Brand site" {
		s.OrphanPreviewKeys = []*contentful.PreviewKey{{ID: emulator.StableID(emulator.Base62, 22, seed+"/orphan"), Name: "Website 2019", Secret: emulator.Secret(contentful.KeyForm(), seed+"/orphan")}}
	}
	web, editorial := emulator.StableID(emulator.Base62, 22, "demo/team/web"), emulator.StableID(emulator.Base62, 22, "demo/team/editorial")
	s.Members = []*contentful.SpaceMember{
		{ID: emulator.StableID(emulator.Base62, 22, seed+"/web"), Team: web, Roles: []string{s.Roles[1].ID}},
		{ID: emulator.StableID(emulator.Base62, 22, seed+"/editorial"), Team: editorial, Roles: []string{s.Roles[0].ID}},
		{ID: emulator.StableID(emulator.Base62, 22, seed+"/admin"), User: ids("lucia")[0], Admin: site.name == "Web shop", Roles: []string{s.Roles[2].ID}},
		{ID: emulator.StableID(emulator.Base62, 22, seed+"/deploy"), User: ids("deploy")[0], Roles: []string{s.Roles[1].ID}},
	}
	s.Webhooks = []*contentful.Webhook{{
		ID: emulator.StableID(emulator.Base62, 22, seed+"/webhook"), Name: "Rebuild", URL: "https://builds.meridian.example/hooks", Topics: texts("Entry.publish"), CreatedAt: s.CreatedAt,
		Headers: []contentful.WebhookHeader{{Key: "Authorization", Value: "Bearer " + emulator.Secret(emulator.PlainSecretForm(), seed+"/webhook")}},
	}}
	return s
}

// keys are those of the fronts, and the extra ones.
func (site site) keys() []apiKey {
	var keys []apiKey
	for i, front := range site.fronts {
		name, staging := front, false
		if front[len(front)-1] == '+' {
			name, staging = front[:len(front)-1], true
		}
		description := "Published content for: " + name
		if (i+len(site.name))%5 == 0 {
			description = ""
		}
		keys = append(keys, apiKey{name + " production", description, texts("master"), nil, 90 + 43*(i+len(name)%7)})
		if staging {
			keys = append(keys, apiKey{name + " staging", "Staging of: " + name, texts("staging"), nil, 90 + 61*i})
		}
	}
	return append(keys, site.extra...)
}

func (m moment) key(seed string, key apiKey) *contentful.Key {
	k := &contentful.Key{
		ID: emulator.StableID(emulator.Base62, 22, seed), Name: key.name, Secret: emulator.Secret(contentful.KeyForm(), seed), Environments: key.environments,
		CreatedBy: ids("jonas")[0], CreatedAt: m.ago(key.age), UpdatedAt: m.ago(key.age / 2), Version: 1,
		Preview: &contentful.PreviewKey{
			ID: emulator.StableID(emulator.Base62, 22, seed+"/preview"), Name: key.name, Secret: emulator.Secret(contentful.KeyForm(), seed+"/preview"), Environments: key.drift,
		},
	}
	if key.description != "" {
		k.Description = &key.description
	}
	return k
}

func contentfulRoles(seed string) []*contentful.Role {
	role := func(name, description string, permissions map[string]any, actions any) *contentful.Role {
		return &contentful.Role{
			ID: emulator.StableID(emulator.Base62, 22, seed+"/role/"+name), Name: name, Description: description, Permissions: permissions,
			Policies: []contentful.Policy{{Effect: "allow", Actions: actions, Constraint: emulator.Object{"and": []any{emulator.Object{"equals": []any{emulator.Object{"doc": "sys.type"}, "Entry"}}}}}},
		}
	}
	return []*contentful.Role{
		role("Editor", "Writes and publishes entries", map[string]any{"ContentModel": texts("read")}, "all"),
		role("Developer", "Changes the content model and API keys", map[string]any{"ContentModel": "all", "ContentDelivery": "all", "Environments": "all"}, "all"),
		role("Translator", "", map[string]any{"ContentModel": texts("read")}, slices.Clone(texts("read", "update"))),
		role("Freelancer", "Reads only", map[string]any{"ContentModel": texts("read")}, slices.Clone(texts("read"))),
	}
}
