//go:build sdkcheck

package sdkcheck

import (
	"fmt"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

var began = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

const tokens = 230 // more than two pages of every list

func contentfulSeed() emulator.ContentfulState {
	acme := &emulator.ContentfulOrganization{ID: "acme", Name: "Acme", CreatedAt: began}
	state := emulator.ContentfulState{Organizations: []*emulator.ContentfulOrganization{acme}}
	for _, id := range []string{"owner", "member"} {
		state.Users = append(state.Users, &emulator.ContentfulUser{ID: id, FirstName: id, LastName: "Doe", Email: id + "@example.com", CreatedAt: began})
		acme.Memberships = append(acme.Memberships, &emulator.ContentfulMembership{ID: "om-" + id, User: id, Role: id, LastActiveAt: began, CreatedAt: began})
		state.Tokens = append(state.Tokens, &emulator.ContentfulToken{
			ID: "caller-" + id, Type: emulator.ContentfulPersonal, Name: id + "'s", User: id, CreatedAt: began,
			Secret: emulator.Secret(emulator.ContentfulPersonalForm(), id), Scopes: []string{emulator.ContentfulManage},
		})
	}
	for i := range tokens {
		state.Tokens = append(state.Tokens, contentfulToken(i))
	}
	state.Users[0].OAuthApplications = []*emulator.ContentfulOAuthApplication{{
		ID: "oauth1", Name: "Importer", ClientID: "client", ClientSecret: emulator.Secret(emulator.PlainSecretForm(), "oauth1"), CreatedAt: began,
	}}
	acme.Teams = []*emulator.ContentfulTeam{{ID: "team1", Name: "Editors", Users: []string{"member"}}}
	acme.Apps = []*emulator.ContentfulApp{{
		ID: "app1", Name: "Preview button", CreatedBy: "owner", CreatedAt: began, SigningSecret: emulator.Secret(emulator.PlainSecretForm(), "app1"),
		Keys: []*emulator.ContentfulAppKey{{ID: "kid1", CreatedBy: "owner", CreatedAt: began, LastUsedAt: began}},
	}}
	state.Spaces = []*emulator.ContentfulSpace{contentfulSpace(), {ID: "asleep", Name: "Asleep", Organization: "acme", Hibernated: true, CreatedAt: began}}
	return state
}

func contentfulToken(i int) *emulator.ContentfulToken {
	t := &emulator.ContentfulToken{
		ID: fmt.Sprintf("token%03d", i), Type: emulator.ContentfulPersonal, Name: fmt.Sprintf("token %d", i), User: "member",
		Secret: emulator.Secret(emulator.ContentfulPersonalForm(), fmt.Sprint(i)), Scopes: []string{emulator.ContentfulRead},
		CreatedAt: began.Add(time.Duration(i) * time.Minute),
	}
	switch i % 5 {
	case 0:
		t.Type, t.Scopes = emulator.ContentfulCLI, []string{emulator.ContentfulManage}
	case 1:
		t.Type, t.Application = emulator.ContentfulOAuth, "oauth1"
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

func contentfulSpace() *emulator.ContentfulSpace {
	text := "the shop's website"
	s := &emulator.ContentfulSpace{
		ID: "shop", Name: "Shop", Organization: "acme", CreatedAt: began,
		Environments: []*emulator.ContentfulEnvironment{{ID: "master-2026", CreatedAt: began}, {ID: "staging", CreatedAt: began}},
		Aliases:      []*emulator.ContentfulAlias{{ID: "master", Environment: "master-2026"}},
		Roles: []*emulator.ContentfulRole{{
			ID: "role1", Name: "Editor", Permissions: map[string]any{"ContentDelivery": []string{"read"}},
			Policies: []emulator.ContentfulPolicy{{Effect: "allow", Actions: "all"}},
		}},
		Members:  []*emulator.ContentfulSpaceMember{{ID: "sm1", User: "member", Roles: []string{"role1"}}, {ID: "tsm1", Team: "team1", Admin: true}},
		Webhooks: []*emulator.ContentfulWebhook{{ID: "hook1", Name: "Deploy", URL: "https://example.com", CreatedAt: began}},
	}
	for i := range 30 {
		k := &emulator.ContentfulKey{
			ID: fmt.Sprintf("key%02d", i), Name: fmt.Sprintf("Key %d", i), CreatedBy: "owner", CreatedAt: began, UpdatedAt: began,
			Secret: emulator.Secret(emulator.ContentfulKeyForm(), fmt.Sprint("key", i)), Environments: []string{"master", "staging"}[:1+i%2],
			Preview: &emulator.ContentfulPreviewKey{
				ID: fmt.Sprintf("preview%02d", i), Name: fmt.Sprintf("Key %d", i), Secret: emulator.Secret(emulator.ContentfulKeyForm(), fmt.Sprint("preview", i)),
			},
		}
		if i%3 == 0 {
			k.Description = &text
		}
		s.Keys = append(s.Keys, k)
	}
	return s
}

func contentstackSeed() emulator.ContentstackState {
	state := emulator.ContentstackState{
		Organizations: []*emulator.ContentstackOrganization{{UID: "bltacme", Name: "Acme", Owner: "bltowner", CreatedAt: began, Members: []*emulator.ContentstackMember{
			{User: "bltowner", Admin: true}, {User: "bltdeveloper"},
		}}},
		OAuthTokens: []*emulator.ContentstackOAuthToken{{Secret: emulator.Secret(emulator.PlainSecretForm(), "foreign"), Organization: "bltother"}},
	}
	for _, id := range []string{"owner", "developer"} {
		state.Users = append(state.Users, &emulator.ContentstackUser{
			UID: "blt" + id, Email: id + "@example.com", FirstName: id, CreatedAt: began,
			Authtokens: []string{emulator.Secret(emulator.ContentstackUserForm(), id)},
		})
	}
	shop := &emulator.ContentstackStack{
		UID: "bltshop", Name: "Shop", Organization: "bltacme", Owner: "bltowner", APIKey: emulator.Secret(emulator.ContentstackUserForm(), "shop"), CreatedAt: began,
		Collaborators: []*emulator.ContentstackCollaborator{{User: "bltdeveloper", Roles: []string{emulator.ContentstackDeveloper}}},
		Environments:  []*emulator.ContentstackEnvironment{{UID: "blte1", Name: "production", CreatedAt: began}, {UID: "blte2", Name: "staging", CreatedAt: began}},
		Branches:      []string{"main", "next"}, Aliases: map[string]string{"live": "main"},
		Webhooks: []*emulator.ContentstackWebhook{{UID: "bltw1", Name: "Deploy", URL: "https://example.com"}},
		Logs:     []*emulator.ContentstackLog{{UID: "bltl1", Module: "entry", Event: "update", At: began}},
	}
	for i := range tokens {
		scope := []emulator.ContentstackScope{
			{Module: "environment", Names: []string{"production", "staging"}[:1+i%2], Read: true}, {Module: "branch", Names: []string{"main"}, Read: true},
		}
		uid := fmt.Sprintf("bltd%03d", i)
		t := &emulator.ContentstackDeliveryToken{UID: uid, Name: "delivery " + uid, Secret: emulator.Secret(emulator.ContentstackTokenForm(), uid), Scope: scope, CreatedBy: "bltowner", CreatedAt: began}
		if i%4 == 0 {
			t.PreviewSecret = emulator.Secret(emulator.ContentstackTokenForm(), "preview"+uid)
		}
		shop.DeliveryTokens = append(shop.DeliveryTokens, t)
	}
	for i := range 12 {
		uid := fmt.Sprintf("bltm%03d", i)
		t := &emulator.ContentstackManagementToken{
			UID: uid, Name: "management " + uid, Secret: emulator.Secret(emulator.ContentstackTokenForm(), uid), CreatedBy: "bltowner", CreatedAt: began,
			Scope: []emulator.ContentstackScope{{Module: "$all", Read: true, Write: i%2 == 0}},
		}
		if i%3 == 0 {
			t.ExpiresOn = began.AddDate(1, 0, i).Format(time.DateOnly)
		}
		shop.ManagementTokens = append(shop.ManagementTokens, t)
	}
	state.Stacks = []*emulator.ContentstackStack{shop}
	return state
}

func datoCMSSeed() emulator.DatoCMSState {
	p := &emulator.DatoCMSProject{
		ID: "77", Name: "Blog", Domain: "blog.admin.datocms.com", MapsKey: emulator.Secret(emulator.PlainSecretForm(), "maps"), CreatedAt: began,
		Environments: []*emulator.DatoCMSEnvironment{{ID: "main", Primary: true, CreatedAt: began}, {ID: "sandbox", ForkedFrom: "main", CreatedAt: began}},
		Roles: []*emulator.DatoCMSRole{
			emulator.DatoCMSAdmin("30", "main"), emulator.DatoCMSEditor("31", "main"), {ID: "32", Name: "Heir", InheritsFrom: []string{"31"}},
		},
		Users:         []*emulator.DatoCMSUser{{ID: "1", Name: "Ada", Email: "ada@example.com", Role: "30", LastAccess: began}},
		Webhooks:      []*emulator.DatoCMSWebhook{{ID: "1", Name: "Deploy", URL: "https://example.com"}},
		BuildTriggers: []*emulator.DatoCMSBuildTrigger{{ID: "1", Name: "Site", WebhookToken: emulator.Secret(emulator.PlainSecretForm(), "in")}},
		Counters:      []emulator.DatoCMSCounter{{Name: "cda_access_token_id_requests", Period: "today", Value: "302", Count: 42}},
		Tokens: []*emulator.DatoCMSToken{
			{ID: "300", Name: "admin", Role: "30", CMA: true},
			{ID: "301", Name: "editor", Role: "31", CMA: true, CDA: true},
			{ID: "302", Name: "Read-only API token", Hardcoded: "readonly", CDA: true, Preview: true, LastCDA: emulator.DatoCMSUse{Word: "last_week"}},
		},
	}
	for i := range tokens {
		p.Tokens = append(p.Tokens, &emulator.DatoCMSToken{ID: fmt.Sprint(400 + i), Name: fmt.Sprintf("site %d", i), Role: "31", CDA: true, Preview: i%2 == 0})
	}
	for _, t := range p.Tokens {
		t.Secret = emulator.Secret(emulator.DatoCMSTokenForm(), t.ID)
	}
	return emulator.DatoCMSState{Projects: []*emulator.DatoCMSProject{p}}
}
