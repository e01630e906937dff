package contentful

import (
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// listOwnTokens lists the caller's tokens, with their names and applications.
// The search also reads names.
func listOwnTokens(call *request) emulator.Reply {
	var items []emulator.Object
	search := call.r.URL.Query().Get("query")
	for _, t := range call.state.Tokens {
		if t.User == call.user.ID && (endsWith(t, search) || strings.Contains(strings.ToLower(t.Name), strings.ToLower(search))) {
			items = append(items, call.renderOwnToken(t))
		}
	}
	return call.page(items)
}

// listOrganizationTokens lists the tokens of all members, with their users and
// without their names.
func listOrganizationTokens(call *request) emulator.Reply {
	members := map[string]bool{}
	for _, user := range call.organization.FormerMembers {
		members[user] = true
	}
	for _, m := range call.organization.Memberships {
		members[m.User] = !m.Pending
	}
	var items []emulator.Object
	search := call.r.URL.Query().Get("query")
	for _, t := range call.state.Tokens {
		if members[t.User] && endsWith(t, search) {
			items = append(items, call.renderOrganizationToken(t))
		}
	}
	return call.page(items)
}

func endsWith(t *Token, search string) bool {
	return search == "" || redacted(t.Secret) == search
}

func getOwnToken(call *request) emulator.Reply {
	if t := call.ownToken(); t != nil {
		return emulator.OK(call.renderOwnToken(t))
	}
	return notFound()
}

func (call *request) ownToken() *Token {
	id := call.r.PathValue("token")
	return emulator.Find(call.state.Tokens, func(t *Token) bool { return t.ID == id && t.User == call.user.ID })
}

func (call *request) renderOwnToken(t *Token) emulator.Object {
	sys := call.tokenSys(t)
	sys["application"] = nil
	if t.Application != "" {
		sys["application"] = link("Application", t.Application)
	}
	item := call.renderToken(t, sys)
	item["name"] = t.Name
	return item
}

func (call *request) renderOrganizationToken(t *Token) emulator.Object {
	sys := call.tokenSys(t)
	sys["user"] = link("User", t.User)
	item := call.renderToken(t, sys)
	if call.options.NamesInOrganizationTokens {
		item["name"] = t.Name
	}
	return item
}

func (call *request) tokenSys(t *Token) emulator.Object {
	return emulator.Object{
		"type": string(t.Type), "id": t.ID,
		"createdAt": call.time(t.CreatedAt), "updatedAt": call.time(t.CreatedAt),
		"expiresAt":     call.timeOrNull(t.ExpiresAt),
		"lastUsedAt":    call.timeOrNull(call.lastUsed(t)),
		"redactedValue": redacted(t.Secret),
	}
}

func (call *request) renderToken(t *Token, sys emulator.Object) emulator.Object {
	return emulator.Object{
		"sys":       sys,
		"revokedAt": call.timeOrNull(call.revokedAt(t)),
		"scopes":    emulator.List(t.Scopes),
	}
}

// lastUsed is the later of what the state says and what the emulator saw.
func (call *request) lastUsed(t *Token) time.Time {
	if seen := call.uses.Latest(t); seen.After(t.LastUsedAt) {
		return seen
	}
	return t.LastUsedAt
}

func (call *request) revokedAt(t *Token) time.Time {
	expired := !t.ExpiresAt.IsZero() && !call.now.Before(t.ExpiresAt)
	if t.RevokedAt.IsZero() && expired && call.options.ExpiryRevokes {
		return t.ExpiresAt
	}
	return t.RevokedAt
}

func redacted(secret string) string { return secret[max(0, len(secret)-4):] }
