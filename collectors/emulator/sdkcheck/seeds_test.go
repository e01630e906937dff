//go:build sdkcheck

package sdkcheck

import (
	"fmt"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentful"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentstack"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/datocms"
)

var began = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

const tokens = 230 // more than two pages of every list

func contentfulSeed() contentful.State {
	acme := &contentful.Organization{ID: "acme", Name: "Acme", CreatedAt: began}
	state := contentful.State{Organizations: []*contentful.Organization{acme}}
	for _, id := range []string{"owner", "member"} {
		state.Users = append(state.Users, &contentful.User{ID: id, FirstName: id, LastName: "Doe", Email: id + "@example.com", CreatedAt: began})
		acme.Memberships = append(acme.Memberships, &contentful.Membership{ID: "om-" + id, User: id, Role: id, LastActiveAt: began, CreatedAt: began})
		state.Tokens = append(state.Tokens, &contentful.Token{
			ID: "caller-" + id, Type: contentful.Personal, Name: id + "'s", User: id, CreatedAt: began,
			Secret: emulator.Secret(contentful.PersonalForm(), id), Scopes: []string{contentful.Manage},
		})
	}
	for i := range tokens {
		state.Tokens = append(state.Tokens, contentfulToken(i))
	}
	state.Users[0].OAuthApplications = []*contentful.OAuthApplication{{
		ID: "oauth1", Name: "Importer", ClientID: "client", ClientSecret: emulator.Secret(emulator.PlainSecretForm(), "oauth1"), CreatedAt: began,
	}}
	acme.Teams = []*contentful.Team{{ID: "team1", Name: "Editors", Users: []string{"member"}}}
	acme.Apps = []*contentful.App{{
		ID: "app1", Name: "Preview button", CreatedBy: "owner", CreatedAt: began, SigningSecret: emulator.Secret(emulator.PlainSecretForm(), "app1"),
		Keys: []*contentful.AppKey{{ID: "kid1", CreatedBy: "owner", CreatedAt: began, LastUsedAt: began}},
	}}
	state.Spaces = []*contentful.Space{contentfulSpace(), {ID: "asleep", Name: "Asleep", Organization: "acme", Hibernated: true, CreatedAt: began}}
	return state
}

func contentfulToken(i int) *contentful.Token {
	t := &contentful.Token{
		ID: fmt.Sprintf("token%03d", i), Type: contentful.Personal, Name: fmt.Sprintf("token %d", i), User: "member",
		Secret: emulator.Secret(contentful.PersonalForm(), fmt.Sprint(i)), Scopes: []string{contentful.Read},
		CreatedAt: began.Add(time.Duration(i) * time.Minute),
	}
	switch i % 5 {
	case 0:
		t.Type, t.Scopes = contentful.CLI, []string{contentful.Manage}
	case 1:
		t.Type, t.Application = contentful.OAuth, "oauth1"
	case 2:
		t.ExpiresAt = began.AddDate(1, 0, i)
	case 3:
		t.RevokedAt = began.AddDate(0, 1, 0)
	}
	if i%2 == 0 {
		t.LastUsedAt = began.AddDate(0, 0, i)
	}
	return t
}

func contentfulSpace() *contentful.Space {
	text := "the shop's website"
	s := &contentful.Space{
		ID: "shop", Name: "Shop", Organization: "acme", CreatedAt: began,
		Environments: []*contentful.Environment{{ID: "master-2026", CreatedAt: began}, {ID: "staging", CreatedAt: began}},
		Aliases:      []*contentful.Alias{{ID: "master", Environment: "master-2026"}},
		Roles: []*contentful.Role{{
			ID: "role1", Name: "Editor", Permissions: map[string]any{"ContentDelivery": []string{"read"}},
			Policies: []contentful.Policy{{Effect: "allow", Actions: "all"}},
		}},
		Members:  []*contentful.SpaceMember{{ID: "sm1", User: "member", Roles: []string{"role1"}}, {ID: "tsm1", Team: "team1", Admin: true}},
		Webhooks: []*contentful.Webhook{{ID: "hook1", Name: "Deploy", URL: "https://example.com", CreatedAt: began}},
	}
	for i := range 30 {
		k := &contentful.Key{
			ID: fmt.Sprintf("key%02d", i), Name: fmt.Sprintf("Key %d", i), CreatedBy: "owner", CreatedAt: began, UpdatedAt: began,
			Secret: emulator.Secret(contentful.KeyForm(), fmt.Sprint("key", i)), Environments: []string{"master", "staging"}[:1+i%2],
			Preview: &contentful.PreviewKey{
				ID: fmt.Sprintf("preview%02d", i), Name: fmt.Sprintf("Key %d", i), Secret: emulator.Secret(contentful.KeyForm(), fmt.Sprint("preview", i)),
			},
		}
		if i%3 == 0 {
			k.Description = &text
		}
		s.Keys = append(s.Keys, k)
	}
	return s
}

func contentstackSeed() contentstack.State {
	state := contentstack.State{
		Organizations: []*contentstack.Organization{{UID: "bltacme", Name: "Acme", Owner: "bltowner", CreatedAt: began, Members: []*contentstack.Member{
			{User: "bltowner", Admin: true}, {User: "bltdeveloper"},
		}}},
		OAuthTokens: []*contentstack.OAuthToken{{Secret: emulator.Secret(emulator.PlainSecretForm(), "foreign"), Organization: "bltother"}},
	}
	for _, id := range []string{"owner", "developer"} {
		state.Users = append(state.Users, &contentstack.User{
			UID: "blt" + id, Email: id + "@example.com", FirstName: id, CreatedAt: began,
			Authtokens: []string{emulator.Secret(contentstack.UserForm(), id)},
		})
	}
	shop := &contentstack.Stack{
		UID: "bltshop", Name: "Shop", Organization: "bltacme", Owner: "bltowner", APIKey: emulator.Secret(contentstack.UserForm(), "shop"), CreatedAt: began,
		Collaborators: []*contentstack.Collaborator{{User: "bltdeveloper", Roles: []string{contentstack.Developer}}},
		Environments:  []*contentstack.Environment{{UID: "blte1", Name: "production", CreatedAt: began}, {UID: "blte2", Name: "staging", CreatedAt: began}},
		Branches:      []string{"main", "next"}, Aliases: map[string]string{"live": "main"},
		Webhooks: []*contentstack.Webhook{{UID: "bltw1", Name: "Deploy", URL: "https://example.com"}},
		Logs:     []*contentstack.Log{{UID: "bltl1", Module: "entry", Event: "update", At: began}},
	}
	for i := range tokens {
		scope := []contentstack.Scope{
			{Module: "environment", Names: []string{"production", "staging"}[:1+i%2], Read: true}, {Module: "branch", Names: []string{"main"}, Read: true},
		}
		uid := fmt.Sprintf("bltd%03d", i)
		t := &contentstack.DeliveryToken{UID: uid, Name: "delivery " + uid, Secret: emulator.Secret(contentstack.TokenForm(), uid), Scope: scope, CreatedBy: "bltowner", CreatedAt: began}
		if i%4 == 0 {
			t.PreviewSecret = emulator.Secret(contentstack.TokenForm(), "preview"+uid)
		}
		shop.DeliveryTokens = append(shop.DeliveryTokens, t)
	}
	for i := range 12 {
		uid := fmt.Sprintf("bltm%03d", i)
		t := &contentstack.ManagementToken{
			UID: uid, Name: "management " + uid, Secret: emulator.Secret(contentstack.TokenForm(), uid), CreatedBy: "bltowner", CreatedAt: began,
			Scope: []contentstack.Scope{{Module: "$all", Read: true, Write: i%2 == 0}},
		}
		if i%3 == 0 {
			t.ExpiresOn = began.AddDate(1, 0, i).Format(time.DateOnly)
		}
		shop.ManagementTokens = append(shop.ManagementTokens, t)
	}
	state.Stacks = []*contentstack.Stack{shop}
	return state
}

func datoCMSSeed() datocms.State {
	p := &datocms.Project{
		ID: "77", Name: "Blog", Domain: "blog.admin.datocms.com", MapsKey: emulator.Secret(emulator.PlainSecretForm(), "maps"), CreatedAt: began,
		Environments: []*datocms.Environment{{ID: "main", Primary: true, CreatedAt: began}, {ID: "sandbox", ForkedFrom: "main", CreatedAt: began}},
		Roles: []*datocms.Role{
			datocms.Admin("30", "main"), datocms.Editor("31", "main"), {ID: "32", Name: "Heir", InheritsFrom: []string{"31"}},
		},
		Users:         []*datocms.User{{ID: "1", Name: "Ada", Email: "ada@example.com", Role: "30", LastAccess: began}},
		Webhooks:      []*datocms.Webhook{{ID: "1", Name: "Deploy", URL: "https://example.com"}},
		BuildTriggers: []*datocms.BuildTrigger{{ID: "1", Name: "Site", WebhookToken: emulator.Secret(emulator.PlainSecretForm(), "in")}},
		Counters:      []datocms.Counter{{Name: "cda_access_token_id_requests", Period: "today", Value: "302", Count: 42}},
		Tokens: []*datocms.Token{
			{ID: "300", Name: "admin", Role: "30", CMA: true},
			{ID: "301", Name: "editor", Role: "31", CMA: true, CDA: true},
			{ID: "302", Name: "Read-only API token", Hardcoded: "readonly", CDA: true, Preview: true, LastCDA: datocms.Use{Word: "last_week"}},
		},
	}
	for i := range tokens {
		p.Tokens = append(p.Tokens, &datocms.Token{ID: fmt.Sprint(400 + i), Name: fmt.Sprintf("site %d", i), Role: "31", CDA: true, Preview: i%2 == 0})
	}
	for _, t := range p.Tokens {
		t.Secret = emulator.Secret(datocms.TokenForm(), t.ID)
	}
	return datocms.State{Projects: []*datocms.Project{p}}
}
