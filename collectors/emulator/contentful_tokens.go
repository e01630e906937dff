package emulator

import (
	"strings"
	"time"
)

// listOwnTokens lists the caller's tokens, with their names and applications.
// The search also reads names.
func listOwnTokens(call *contentfulCall) reply {
	var items []object
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
func listOrganizationTokens(call *contentfulCall) reply {
	members := map[string]bool{}
	for _, user := range call.organization.FormerMembers {
		members[user] = true
	}
	for _, m := range call.organization.Memberships {
		members[m.User] = !m.Pending
	}
	var items []object
	search := call.r.URL.Query().Get("query")
	for _, t := range call.state.Tokens {
		if members[t.User] && endsWith(t, search) {
			items = append(items, call.renderOrganizationToken(t))
		}
	}
	return call.page(items)
}

func endsWith(t *ContentfulToken, search string) bool {
	return search == "" || redacted(t.Secret) == search
}

func getOwnToken(call *contentfulCall) reply {
	if t := call.ownToken(); t != nil {
		return ok(call.renderOwnToken(t))
	}
	return contentfulNotFound()
}

func (call *contentfulCall) ownToken() *ContentfulToken {
	id := call.r.PathValue("token")
	return find(call.state.Tokens, func(t *ContentfulToken) bool { return t.ID == id && t.User == call.user.ID })
}

func (call *contentfulCall) renderOwnToken(t *ContentfulToken) object {
	sys := call.tokenSys(t)
	sys["application"] = nil
	if t.Application != "" {
		sys["application"] = link("Application", t.Application)
	}
	item := call.renderToken(t, sys)
	item["name"] = t.Name
	return item
}

func (call *contentfulCall) renderOrganizationToken(t *ContentfulToken) object {
	sys := call.tokenSys(t)
	sys["user"] = link("User", t.User)
	item := call.renderToken(t, sys)
	if call.options.NamesInOrganizationTokens {
		item["name"] = t.Name
	}
	return item
}

func (call *contentfulCall) tokenSys(t *ContentfulToken) object {
	return object{
		"type": string(t.Type), "id": t.ID,
		"createdAt": call.time(t.CreatedAt), "updatedAt": call.time(t.CreatedAt),
		"expiresAt":     call.timeOrNull(t.ExpiresAt),
		"lastUsedAt":    call.timeOrNull(call.lastUsed(t)),
		"redactedValue": redacted(t.Secret),
	}
}

func (call *contentfulCall) renderToken(t *ContentfulToken, sys object) object {
	return object{
		"sys":       sys,
		"revokedAt": call.timeOrNull(call.revokedAt(t)),
		"scopes":    list(t.Scopes),
	}
}

// lastUsed is the later of what the state says and what the emulator saw.
func (call *contentfulCall) lastUsed(t *ContentfulToken) time.Time {
	if seen := call.uses.latest(t); seen.After(t.LastUsedAt) {
		return seen
	}
	return t.LastUsedAt
}

func (call *contentfulCall) revokedAt(t *ContentfulToken) time.Time {
	expired := !t.ExpiresAt.IsZero() && !call.now.Before(t.ExpiresAt)
	if t.RevokedAt.IsZero() && expired && call.options.ExpiryRevokes {
		return t.ExpiresAt
	}
	return t.RevokedAt
}

func redacted(secret string) string { return secret[max(0, len(secret)-4):] }
