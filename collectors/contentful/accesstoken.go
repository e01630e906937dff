package contentful

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The documented types.
const (
	typePersonal = "PersonalAccessToken"
	typeCLI      = "CLIToken"
	typeOAuth    = "OAuthApplication"
)

// The two scopes. Managing implies reading; a token may list both.
const (
	scopeRead   = "content_management_read"
	scopeManage = "content_management_manage"
)

const (
	reasonReadKeys    = "it is not documented whether a read-only token may list API keys, and so read their secrets, as its owner may"
	reasonKeysUnknown = "whether it can read API keys depends on the owner's rights in the spaces, which are not known in full"
	reasonOwnTokens   = "it can read no API keys, but it can make further personal tokens for its owner, with the owner's rights"
)

// kindOf returns the kind of a token. Every token in these lists acts as its
// owner, so a type that is not documented is a personal token.
func kindOf(t accessToken) inventory.Kind {
	switch t.sys().Type.Value {
	case typeCLI:
		return inventory.CLI
	case typeOAuth:
		return inventory.OAuth
	default:
		return inventory.Personal
	}
}

// accessTokenID is the same whether the token was read from the organization's
// list or from its owner's own.
func accessTokenID(organizationID, tokenID string) string {
	return cmsapi.Path("contentful/organizations/{}/access_tokens/{}", organizationID, tokenID)
}

// tokenContext is what a token's item does not say by itself.
type tokenContext struct {
	source inventory.Source
	people directory
	// me is the owner of the tokens in the caller's own list, which does not say
	// so; empty if unknown.
	me string
	// own are the tokens in that list, by id. It has names and applications, which
	// the organization's list is documented without.
	own map[string]accessToken
	// ownPage is where somebody finds their own tokens in the web app.
	ownPage string
}

func (x tokenContext) token(t accessToken) inventory.Token {
	owner := x.owner(t)
	kind := kindOf(t)
	expiry := x.expiry(t, kind)
	created := cmsapi.Timestamp("createdAt", t.sys().CreatedAt, false)
	hint := lastFour(string(t.sys().RedactedValue.Value))
	token := inventory.Token{
		ID:     accessTokenID(x.source.Organization, t.id()),
		Ref:    t.id(),
		CMS:    CMS,
		Source: x.source.ID,
		Name:   x.name(t, kind, hint),
		URL:    x.source.URL,
		Kind:   kind,
		APIs:   []inventory.API{inventory.ContentManagement},
		Access: x.access(t, owner),
		// Contentful cannot limit such a token to spaces or environments, and an
		// organization has no environments of its own.
		Environments: inventory.AllScope(),
		CreatedAt:    created,
		UpdatedAt:    cmsapi.Timestamp("updatedAt", t.sys().UpdatedAt, false),
		RevokedAt:    revokedAt(t),
		Expiry:       expiry,
		LastUsed:     cmsapi.LastUse("lastUsedAt", t.sys().LastUsedAt, 0),
		Traits: inventory.Traits{
			Factory:              factoryToken(t, x.given(t)),
			NotifiesBeforeExpiry: notifies(t, created, expiry),
		},
		Owner:  owner,
		Secret: inventory.Secret{Readable: inventory.No, Hint: hint},
	}
	if x.isOwn(t) {
		token.URL = x.ownPage
	}
	return token
}

// name: the organization's list has none, so the application, or the token's end (or id) and owner tell tokens apart.
func (x tokenContext) name(t accessToken, kind inventory.Kind, hint string) string {
	if hint != "" {
		hint = "…" + hint
	}
	made := string(kind) + " token " + cmp.Or(hint, t.id())
	if user := x.user(t); user.Name+user.ID != "" {
		made += " of " + cmp.Or(user.Name, user.ID)
	}
	return cmp.Or(string(x.given(t).Value), x.application(t), made)
}

// given is the name that a token was given, from whichever list has it.
func (x tokenContext) given(t accessToken) text {
	if t.Name.Value != "" {
		return t.Name
	}
	return x.own[t.id()].Name
}

// application labels the application that a token was granted to; empty for none.
func (x tokenContext) application(t accessToken) string {
	return cmp.Or(t.sys().Application.Value.label(), x.own[t.id()].sys().Application.Value.label())
}

func (x tokenContext) isOwn(t accessToken) bool {
	_, own := x.own[t.id()]
	return own
}

// lastFour keeps no more of a redacted value than it is meant to show.
func lastFour(redacted string) string {
	runes := []rune(redacted)
	return string(runes[max(0, len(runes)-4):])
}

// owner is the user that a token acts as. A grant acts as its user, too, but it is
// an application that holds it: the owner's name says which.
func (x tokenContext) owner(t accessToken) inventory.Owner {
	o := x.user(t)
	app := x.application(t)
	switch {
	case app == "":
	case o.Name == "":
		o.Name = app
	default:
		o.Name += ", for " + app
	}
	return o
}

func (x tokenContext) user(t accessToken) inventory.Owner {
	id := t.sys().User.Value.id()
	if id == "" && x.isOwn(t) {
		id = x.me
	}
	switch {
	case id != "":
		return x.people.owner(id)
	case x.isOwn(t):
		return inventory.UnknownOwner("the credential's own user could not be read")
	case t.sys().User.State == cmsapi.FieldGiven:
		return inventory.UnknownOwner("user in the CMS's response has no id")
	default:
		return inventory.UnknownOwner(t.sys().User.Reason("user"))
	}
}

// access is scope and owner together: a token has its owner's rights, narrowed
// by its scopes. A token that may manage counts as one that writes whatever its
// owner may do today, because rights in spaces come and go while the token
// stays.
func (x tokenContext) access(t accessToken, owner inventory.Owner) inventory.Access {
	scopes := t.Scopes.Items
	if reason := t.sys().Type.Reason("type"); reason != "" {
		// The kind of the token is a guess, so nothing may pass because of it.
		return inventory.AssumedAccess(reason, inventory.Unknown, scopes...)
	}
	if err := t.Scopes.Err("scopes"); err != nil {
		return inventory.AssumedAccess(err.Message, inventory.Unknown, scopes...)
	}
	manages := slices.Contains(scopes, scopeManage)
	unknown := slices.IndexFunc(scopes, func(s string) bool { return s != scopeRead && s != scopeManage })
	switch {
	case len(scopes) == 0:
		// Contentful makes no token without a scope.
		return inventory.AssumedAccess("scopes in the CMS's response is empty", inventory.Unknown)
	case !manages && unknown >= 0:
		return inventory.AssumedAccess(fmt.Sprintf("the scope %s is not documented", cmsapi.Word(scopes[unknown])), inventory.Unknown, scopes...)
	case manages:
		return x.managing(owner, scopes)
	}
	access := inventory.NewAccess(inventory.LevelRead, inventory.Unknown, scopes...)
	if x.keysOf(owner) == inventory.No {
		access.ManagesTokens = inventory.No
	} else {
		access.Reason = reasonReadKeys
	}
	return access
}

// managing is the access of a token with the scope to manage.
func (x tokenContext) managing(owner inventory.Owner, scopes []string) inventory.Access {
	manages, reason := inventory.Yes, ""
	switch x.keysOf(owner) {
	case inventory.No:
		manages, reason = inventory.Unknown, reasonOwnTokens
	case inventory.Unknown:
		manages, reason = inventory.Unknown, reasonKeysUnknown
	}
	if owner.Level == inventory.LevelUnknown {
		return inventory.AssumedAccess("the scope allows writing, and the extent of the owner's rights is not known: "+owner.Reason, manages, scopes...)
	}
	level := owner.Level
	if !level.AtLeast(inventory.LevelWrite) {
		level = inventory.LevelWrite
	}
	access := inventory.NewAccess(level, manages, scopes...)
	access.Reason = reason
	return access
}

// keysOf says whether a person may read or make API keys somewhere.
func (x tokenContext) keysOf(owner inventory.Owner) inventory.Ternary {
	switch {
	case owner.Level == inventory.LevelAdmin:
		return inventory.Yes
	case x.people.rights == nil || owner.ID == "" || !x.people.whole:
		return inventory.Unknown
	default:
		return x.people.rights.of(owner.ID).Keys
	}
}

// expiry: null means never. Captures from before tokens could expire have no
// such member, so a missing one says nothing.
func (x tokenContext) expiry(t accessToken, kind inventory.Kind) inventory.Expiry {
	// Whoever makes a personal token can give it an expiry. Of the others that
	// is documented only by a date that is there.
	supported := kind == inventory.Personal
	ofType := t.sys().Type.Reason("type")
	field := t.sys().ExpiresAt
	switch field.State {
	case cmsapi.FieldGiven:
		precision := inventory.PrecisionInstant
		if field.Value.Day {
			precision = inventory.PrecisionDay
		}
		return inventory.NormaliseExpiry(inventory.ExpiresAt(field.Value.Time, precision), x.source.Horizon())
	case cmsapi.FieldNull:
		if ofType != "" {
			return inventory.UnknownExpiry(supported, "it has no expiry date, and whether such a token can have one is not known: "+ofType)
		}
		return inventory.NeverExpires(supported)
	default:
		return inventory.UnknownExpiry(supported, field.Reason("expiresAt"))
	}
}

func revokedAt(t accessToken) inventory.Timestamp {
	field := t.RevokedAt
	if field.State == cmsapi.FieldAbsent {
		field = t.sys().RevokedAt
	}
	return cmsapi.Timestamp("revokedAt", field, true)
}

// notifies: the owner of a personal token gets an e-mail before it expires,
// unless it lives for less than a day. Nothing is documented of the others.
func notifies(t accessToken, created inventory.Timestamp, expiry inventory.Expiry) inventory.Ternary {
	switch {
	case expiry.State == inventory.ExpiryNever && expiry.At.IsZero():
		return inventory.No
	case t.sys().Type.Value != typePersonal || expiry.State == inventory.ExpiryUnknown || created.State != inventory.TimestampAt:
		return inventory.Unknown
	default:
		return inventory.TernaryOf(expiry.At.Sub(created.At) >= 24*time.Hour)
	}
}
