package terraform

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The types of resources, whatever provider they are of: the provider's name is
// that of a registry, which differs between Terraform and OpenTofu.
const (
	// typeAPIKey is of labd/contentful and of the older forks.
	typeAPIKey = "contentful_apikey"
	// typeDeliveryKey, typePersonalToken and typeAppKey are of cysp/contentful.
	typeDeliveryKey   = "contentful_delivery_api_key"
	typePersonalToken = "contentful_personal_access_token"
	typeAppKey        = "contentful_app_key"

	typeEnvironment      = "contentful_environment"
	typeEnvironmentAlias = "contentful_environment_alias"
	typeSpace            = "contentful_space"
)

const (
	scopeRead   = "content_management_read"
	scopeManage = "content_management_manage"
)

const (
	reasonAppScope = "where an app is installed decides which environments its key reaches"
	reasonDefault  = "the configuration names no environments; Contentful gives such a key the environment master"
)

// apiKey makes the tokens of an API key: the delivery key, and the preview key
// that Contentful makes with it.
func (w *planState) apiKey(c change) []inventory.Token {
	o := c.values(w.after)
	id, preview := w.identity(c, "id"), w.identity(c, "preview_id")
	if c.kind == typeDeliveryKey {
		id, preview = w.identity(c, "api_key_id"), w.identity(c, "preview_api_key_id")
	}
	space := w.space(c)
	t := w.skeleton(c, cmsContentful)
	t.Ref, t.ID = cmp.Or(id, c.address), w.plannedID(c)
	t.Name = o["name"].orText(c.address)
	t.Description = o["description"].orText("")
	t.Kind, t.APIs = inventory.Delivery, []inventory.API{inventory.ContentDelivery}
	t.Access = inventory.NewAccess(inventory.LevelRead, inventory.No)
	t.Expiry = inventory.NeverExpires(false)
	t.Environments = w.keyScope(c, space)
	t.Secret.Readable = inventory.Yes
	twin := t
	twin.Kind, twin.APIs = inventory.Preview, []inventory.API{inventory.ContentPreview}
	twin.Ref, twin.ID = cmp.Or(preview, c.address), t.ID+"/preview_api_key"
	if id != "" && space.id != "" {
		t.ID = cmsapi.Path("contentful/spaces/{}/api_keys/{}", space.id, id)
	}
	if preview != "" && space.id != "" {
		twin.ID = cmsapi.Path("contentful/spaces/{}/preview_api_keys/{}", space.id, preview)
	}
	twin.Twin = t.ID
	if space.live != nil {
		t.Source, twin.Source = space.live.ID, space.live.ID
		if preview == "" && hasToken(space.live, t.ID) {
			return append([]inventory.Token{t}, liveTwin(space.live, twin)...)
		}
	}
	return []inventory.Token{t, twin}
}

// liveTwin returns a preview token, whose id the plan does not show, with that of the
// one in the live space; nil where the space has none.
func liveTwin(live *inventory.Source, twin inventory.Token) []inventory.Token {
	i := slices.IndexFunc(live.Tokens, func(t inventory.Token) bool { return t.Kind == inventory.Preview && t.Twin == twin.Twin })
	if i < 0 {
		return nil
	}
	twin.ID, twin.Ref = live.Tokens[i].ID, live.Tokens[i].Ref
	return []inventory.Token{twin}
}

func hasToken(s *inventory.Source, id string) bool {
	return slices.ContainsFunc(s.Tokens, func(t inventory.Token) bool { return t.ID == id })
}

// keyScope is the scope of an API key.
func (w *planState) keyScope(c change, space space) inventory.Scope {
	v := c.values(w.after)["environments"]
	_, written, told := w.plan.argument(c, "environments")
	fresh := c.action == create || c.action == replace
	omitted := v.state == absent || v.state == null ||
		v.state == later && told && !written && fresh
	if omitted && (v.state != later || w.after) {
		// Either the provider has no such argument, or it sends none.
		scope := inventory.NewScope(space.item(master, true))
		scope.Reason = reasonDefault
		return scope
	}
	ids, reason := v.texts("environments")
	var items []inventory.ScopeItem
	for _, id := range ids {
		items = append(items, space.item(id, written || !told))
	}
	if reason != "" {
		return inventory.UnknownScope(reason, items...)
	}
	if len(items) == 0 {
		scope := inventory.NewScope(space.item(master, true))
		scope.Reason = reasonDefault
		return scope
	}
	return inventory.NewScope(items...)
}

// personalToken makes the token of a personal access token.
func (w *planState) personalToken(c change) []inventory.Token {
	o := c.values(w.after)
	t := w.skeleton(c, cmsContentful)
	id := w.identity(c, "id")
	t.Ref, t.ID = cmp.Or(id, c.address), w.plannedID(c)
	t.Name = o["name"].orText(c.address)
	t.Kind, t.APIs = inventory.Personal, []inventory.API{inventory.ContentManagement}
	t.Access = personalAccess(o["scopes"])
	// Contentful cannot limit such a token to spaces or environments.
	t.Environments = inventory.AllScope()
	t.Secret.Readable = inventory.No
	t.Expiry = w.personalExpiry(c, o)
	if c.keeps() || !w.after {
		t.RevokedAt = stamp(o["revoked_at"], "revoked_at")
	}
	t.Traits.NotifiesBeforeExpiry = w.notifies(t.Expiry, o["expires_in"])
	w.adopt(&t, w.liveByRef(cmsContentful, id, inventory.Personal))
	return []inventory.Token{t}
}

func personalAccess(v value) inventory.Access {
	scopes, reason := v.texts("scopes")
	switch {
	case reason != "":
		return inventory.AssumedAccess(reason, inventory.Unknown, scopes...)
	case slices.Contains(scopes, scopeManage):
		return inventory.AssumedAccess("the scope allows writing, and the rights of the person who applies the plan are not known", inventory.Unknown, scopes...)
	case len(scopes) == 0 || slices.ContainsFunc(scopes, func(s string) bool { return s != scopeRead }):
		return inventory.AssumedAccess("the scopes are not those that Contentful documents", inventory.Unknown, scopes...)
	}
	access := inventory.NewAccess(inventory.LevelRead, inventory.Unknown, scopes...)
	access.Reason = "it is not documented whether a read-only token may list API keys, and so read their secrets"
	return access
}

// personalExpiry: expires_at is what the CMS has decided for a token that is
// there; for one to be made expires_in counts from the audit time. null in the
// configuration is a token that never expires, which is not the same as a value
// that is known later.
func (w *planState) personalExpiry(c change, o object) inventory.Expiry {
	if at, ok := o["expires_at"].text(); ok && (c.keeps() || !w.after) {
		if t := inventory.NewTimestamp(at); t.State == inventory.TimestampAt {
			return inventory.ExpiresAt(t.At, inventory.PrecisionInstant)
		}
		return inventory.UnknownExpiry(true, "expires_at in the plan is not a date")
	}
	in := o["expires_in"]
	switch in.state {
	case null, absent:
		return inventory.NeverExpires(true)
	case later, hidden:
		return inventory.UnknownExpiry(true, in.reason("expires_in"))
	}
	seconds, ok := number(in)
	switch {
	case !ok:
		return inventory.UnknownExpiry(true, in.reason("expires_in"))
	case w.after && !c.keeps():
		return w.lifetime(seconds)
	}
	return inventory.UnknownExpiry(true, "the token expires, but the plan does not show when it was created")
}

func number(v value) (float64, bool) {
	text, ok := v.text()
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

// notifies: the owner of a personal token gets an e-mail before it expires,
// unless it lives for less than a day.
func (w *planState) notifies(e inventory.Expiry, in value) inventory.Ternary {
	switch e.State {
	case inventory.ExpiryNever:
		return inventory.No
	case inventory.ExpiryAt:
		if seconds, ok := number(in); ok {
			return inventory.TernaryOf(seconds >= (24 * time.Hour).Seconds())
		}
	}
	return inventory.Unknown
}

// appKey makes the token of a key of an app: with its private half, which
// Terraform never sees, whoever holds it gets access tokens of the app.
func (w *planState) appKey(c change) []inventory.Token {
	o := c.values(w.after)
	t := w.skeleton(c, cmsContentful)
	t.Ref, t.ID = cmp.Or(w.identity(c, "key_kid"), c.address), w.plannedID(c)
	t.Name = fmt.Sprintf("key of app %s", o["app_definition_id"].orText("(known later)"))
	t.Kind, t.APIs = inventory.App, []inventory.API{inventory.ContentManagement}
	t.Access = inventory.AssumedAccess("where the app is installed, and with which rights, is not in the plan", inventory.Unknown)
	t.Environments = inventory.UnknownScope(reasonAppScope)
	t.Expiry = inventory.NeverExpires(false)
	t.Owner = inventory.Owner{
		Type: inventory.OwnerApp, ID: o["app_definition_id"].orText(""), State: inventory.OwnerStateUnknown, Level: inventory.LevelUnknown,
		LastActive: inventory.UnknownTime("an app has no sign-in"), Reason: "the rights of the app are not in the plan",
	}
	t.Secret.Readable = inventory.No
	if c.keeps() || !w.after {
		if created := stamp(o["created_at"], "created_at"); created.State == inventory.TimestampAt {
			t.CreatedAt = created
		}
		if used := o["last_used_at"]; used.state == known {
			if at := stamp(used, "last_used_at"); at.State == inventory.TimestampAt {
				t.LastUsed = inventory.UsedAt(at.At)
			}
		}
	}
	return []inventory.Token{t}
}

// permissionsOf writes the kept attributes of a role as JSON; the reason says
// why they are not known whole.
func permissionsOf(o object) (json.RawMessage, string) {
	members := map[string]any{}
	for _, name := range rolePermissions() {
		v := o[name]
		switch {
		case v.state == absent:
		case v.state == null:
			// The provider sends nothing; what DatoCMS then decides is not documented.
			return nil, v.reason(name)
		case !v.whole():
			return nil, value{state: max(v.state, later)}.reason(name)
		default:
			members[name] = v.is
		}
	}
	text, err := json.Marshal(members)
	if err != nil {
		return nil, "the permissions of the role cannot be read"
	}
	return text, ""
}
