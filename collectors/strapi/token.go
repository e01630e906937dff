package strapi

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// useResolution: Strapi writes lastUsedAt anew only when the last value is a
// full hour old, so a use lies up to so much after what it says.
const useResolution = time.Hour

// server is what tokens are made with.
type server struct {
	source inventory.Source
	cms    *instance.Server
	who    caller
}

// unit makes the unit of a list; a nil err is one that was read whole.
func (s server) unit(l resource, some bool, err *cmsapi.Error) inventory.Unit {
	return s.cms.Unit(l.unit, l.path, l.kinds, some, err)
}

// read makes the tokens of a list and its unit.
func (s server) read(l resource, list listing[token], err error, build func(token) inventory.Token) ([]inventory.Token, inventory.Unit) {
	failed := cmsapi.AsError(err)
	if failed == nil {
		failed = cmp.Or(list.Data.Err("tokens"), cmsapi.Counted("tokens", list.Data, list.Meta.Value.Pagination.Value.Total))
	}
	tokens := make([]inventory.Token, 0, len(list.Data.Items))
	var broken []string
	seen := map[string]bool{}
	for _, t := range list.Data.Items {
		id := string(t.ID.Value)
		if seen[id] {
			broken = append(broken, fmt.Sprintf("two have the id %q", id))
			continue
		}
		seen[id] = true
		made := build(t)
		if made.Access.Assumed {
			broken = append(broken, fmt.Sprintf("token %s: %s", id, made.Access.Reason))
		}
		s.finish(&made, l, id, t)
		tokens = append(tokens, made)
	}
	if failed == nil && len(broken) > 0 {
		failed = &cmsapi.Error{Class: inventory.ErrUnreadable,
			Message: fmt.Sprintf("%d of %d tokens cannot be read: %s", len(broken), len(list.Data.Items), broken[0])}
	}
	return tokens, s.unit(l, len(tokens) > 0, failed)
}

// finish fills in what all kinds of tokens share.
func (s server) finish(made *inventory.Token, l resource, id string, t token) {
	made.ID = l.tokenID(s.source.ID, id)
	made.Ref, made.CMS, made.Source = id, CMS, s.source.ID
	made.Name = t.Name.Or("token " + id)
	made.Description = t.Description.Value
	made.URL = s.cms.Page(settings + l.settings + cmsapi.Path("/{}", id))
	made.Environments = instance.Scope(s.source, reasonNoEnvironments)
	made.CreatedAt = cmsapi.Timestamp("createdAt", t.CreatedAt, false)
	made.UpdatedAt = updated(t)
	made.RevokedAt = inventory.None()
	made.Expiry = expiry(t)
	made.Traits.NotifiesBeforeExpiry = inventory.No
	made.Origin = s.source.Origin
}

func (l resource) tokenID(source, id string) string {
	return source + cmsapi.Path("/"+l.segment+"/{}", id)
}

// contentToken makes a token of the content API.
func (s server) contentToken(t token) inventory.Token {
	access := contentAccess(t)
	made := inventory.Token{
		Kind: inventory.Delivery, APIs: []inventory.API{}, Access: access,
		LastUsed: cmsapi.LastUse("lastUsedAt", t.LastUsedAt, useResolution),
		Traits:   inventory.Traits{Factory: s.factory(t)},
		Owner:    inventory.UnknownOwner(reasonNoMaker),
		// Whoever may list is given the secret of a single token where the server
		// has an encryption key, which the lists do not tell.
		Secret: inventory.Secret{Readable: inventory.Unknown},
	}
	switch {
	case access.Write:
		made.Kind, made.APIs = inventory.Management, []inventory.API{inventory.ContentManagement}
	case access.Level != inventory.LevelNone:
		made.APIs = []inventory.API{inventory.ContentDelivery}
	}
	return made
}

// adminToken makes a token of the admin API. Its type is not a fact.
func (s server) adminToken(t token) inventory.Token {
	return inventory.Token{
		Kind: inventory.Management, APIs: managementUnlessInert(adminAccess(t)), Access: adminAccess(t),
		LastUsed: cmsapi.LastUse("lastUsedAt", t.LastUsedAt, useResolution),
		Traits:   inventory.Traits{Factory: inventory.No},
		Owner:    s.owner(t.AdminUserOwner),
		Secret:   inventory.Secret{Readable: inventory.No},
	}
}

// transferToken makes a token of the data transfer.
func (s server) transferToken(t token) inventory.Token {
	access := transferAccess(t)
	return inventory.Token{
		Kind: inventory.Management, APIs: managementUnlessInert(access), Access: access,
		LastUsed: s.transferUse(t.LastUsedAt),
		Traits:   inventory.Traits{Factory: inventory.No},
		Owner:    inventory.UnknownOwner(reasonNoMaker),
		Secret:   inventory.Secret{Readable: inventory.No},
	}
}

func managementUnlessInert(a inventory.Access) []inventory.API {
	if a.Level == inventory.LevelNone {
		return []inventory.API{}
	}
	return []inventory.API{inventory.ContentManagement}
}

// expiry: null is never, unless the lifespan says something else.
func expiry(t token) inventory.Expiry {
	switch t.ExpiresAt.State {
	case cmsapi.FieldGiven:
		return inventory.ExpiresAt(t.ExpiresAt.Value.Time, inventory.PrecisionInstant)
	case cmsapi.FieldNull:
		if t.Lifespan.Missing() {
			return inventory.NeverExpires(true)
		}
		return inventory.UnknownExpiry(true, cmp.Or(t.Lifespan.Reason("lifespan"), "expiresAt is null in the CMS's response, although the token has a lifespan"))
	default:
		return inventory.UnknownExpiry(true, t.ExpiresAt.Reason("expiresAt"))
	}
}

// useMoves is how long after lastUsedAt the same statement may set updatedAt.
const useMoves = time.Second

// updated is when a token was changed. A recorded use moves updatedAt too, and
// then nothing tells when the last change was.
func updated(t token) inventory.Timestamp {
	at := cmsapi.Timestamp("updatedAt", t.UpdatedAt, false)
	switch used := t.LastUsedAt; {
	case at.State != inventory.TimestampAt, used.State == cmsapi.FieldNull:
		return at
	case used.State == cmsapi.FieldGiven && at.At.After(used.Value.Time.Add(useMoves)):
		return at
	}
	return inventory.UnknownTime(reasonNoUpdate)
}

// transferUse reads lastUsedAt of a transfer token. Strapi 5.54 never writes
// it, so null says nothing; a date would say that the last use is no older.
func (s server) transferUse(f cmsapi.Field[cmsapi.Moment]) inventory.LastUsed {
	if f.State == cmsapi.FieldGiven && !f.Value.Time.After(s.source.CollectedAt) {
		return inventory.UsedBetween(f.Value.Time, s.source.CollectedAt)
	}
	return inventory.UnknownUse(reasonNoTransferUse)
}

// factory reports whether Strapi made a content API token itself. It makes two,
// and only while there is neither an admin nor a token; so what is younger than
// an admin is somebody's, and what is older than the first one is Strapi's, or
// of the program on top of it, which its texts tell apart.
func (s server) factory(t token) inventory.Ternary {
	created, ok := t.CreatedAt.Get()
	admin, known := s.who.person.CreatedAt.Get()
	switch {
	case !ok || !known:
		return inventory.Unknown
	case created.Time.After(admin.Time):
		return inventory.No
	case created.Time.Before(admin.Time) && s.who.id == firstAdmin && looksFactoryMade(t):
		return inventory.Yes
	}
	return inventory.Unknown
}

// firstAdmin is the id of the first admin; databases do not give ids again.
const firstAdmin = "1"

// looksFactoryMade compares a token with the two that Strapi makes.
func looksFactoryMade(t token) bool {
	text := t.Description.Value
	switch t.Name.Value {
	case "Full Access":
		return t.Type.Value == typeFull && strings.HasPrefix(text, "A default API token with full access permissions")
	case "Read Only":
		return t.Type.Value == typeRead && strings.HasPrefix(text, "A default API token with read-only permissions")
	}
	return false
}

// owner is the person that an admin token belongs to.
func (s server) owner(f cmsapi.Field[person]) inventory.Owner {
	p, ok := f.Get()
	if !ok {
		return inventory.UnknownOwner(f.Reason("adminUserOwner"))
	}
	o := inventory.Owner{
		Type: inventory.OwnerPerson, ID: string(p.ID.Value), Name: p.name(),
		State: inventory.OwnerStateUnknown, Level: inventory.LevelUnknown,
		LastActive: inventory.UnknownTime(reasonNoActivity), Reason: reasonOwnerState,
	}
	if o.ID != "" && o.ID == s.who.id {
		// Strapi refuses the credentials of people who are deactivated.
		o.State = inventory.OwnerActive
		if s.who.superAdmin == inventory.Yes {
			o.Level, o.Role, o.Reason = inventory.LevelAdmin, superAdminCode, ""
		}
	}
	return o
}

func (p person) name() string {
	full := strings.TrimSpace(p.Firstname.Value + " " + p.Lastname.Value)
	return cmp.Or(full, p.Username.Value, p.Email.Value)
}
