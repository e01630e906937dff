package directus

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// server is what tokens are made with.
type server struct {
	source inventory.Source
	// page returns the address of the page of a user.
	page   func(id string) string
	rights rights
	log    history
}

// tokenID is the id of the token of a user: there is at most one.
func tokenID(source, user string) string {
	return source + cmsapi.Path("/static_tokens/{}", user)
}

// token makes the token of a user.
func (s server) token(u user) inventory.Token {
	id, may := u.ID.Value, s.rights.of(u).access()
	t := inventory.Token{
		ID:          tokenID(s.source.ID, id),
		Ref:         id,
		CMS:         CMS,
		Source:      s.source.ID,
		Name:        cmp.Or(u.name(), "user "+id),
		Description: u.Description.Value,
		URL:         s.page(id),
		Kind:        inventory.Personal,
		APIs:        []inventory.API{inventory.ContentDelivery},
		Access:      may,

		Environments: instance.Scope(s.source, reasonNoEnvironments),
		CreatedAt:    s.log.created(id),
		UpdatedAt:    s.log.updated(id),
		RevokedAt:    inventory.None(),
		Expiry:       inventory.NeverExpires(false),
		LastUsed:     s.log.use(u, s.source.CollectedAt),
		Traits:       inventory.Traits{Factory: inventory.No, NotifiesBeforeExpiry: inventory.No},
		Owner:        s.owner(u, may),
		// Directus masks it for everybody, administrators too.
		Secret: inventory.Secret{Readable: inventory.No},
		Origin: s.source.Origin,
	}
	switch roleID, has := u.Role.Get(); {
	case has:
		t.Role = &inventory.Role{ID: roleID, Name: s.rights.roles[roleID].Name.Value, Level: s.rights.ofRole(roleID)}
	case u.Role.State != cmsapi.FieldNull:
		t.Role = &inventory.Role{ID: "unknown", Level: inventory.LevelUnknown}
	}
	switch {
	case t.Owner.State == inventory.OwnerStateUnknown:
		// Whether it works at all is open.
		t.Access = inventory.AssumedAccess(u.Status.Reason("status"), inventory.Unknown, may.Grants...)
		t.APIs = []inventory.API{inventory.ContentManagement}
	case t.Owner.State == inventory.OwnerDeactivated:
		// Grants are what it could do again if somebody activated the user.
		t.Access = inventory.NewAccess(inventory.LevelNone, inventory.No, may.Grants...)
		t.Access.Reason = t.Owner.Reason
		t.APIs = []inventory.API{}
	case may.Write:
		t.APIs = []inventory.API{inventory.ContentManagement}
	case may.Level == inventory.LevelNone:
		t.APIs = []inventory.API{}
	}
	return t
}

// statusActive is the one status of a user whose token works.
const statusActive = "active"

// owner is the user that the token acts as.
func (s server) owner(u user, may inventory.Access) inventory.Owner {
	o := inventory.Owner{
		Type: inventory.OwnerPerson, ID: u.ID.Value, Name: u.name(),
		State: inventory.OwnerActive, Level: may.Level, Role: s.rights.roles[u.Role.Value].Name.Value,
		LastActive: lastActive(u.LastAccess), Reason: may.Reason,
	}
	switch status, given := u.Status.Get(); {
	case !given:
		o.State, o.Reason = inventory.OwnerStateUnknown, cmp.Or(o.Reason, u.Status.Reason("status"))
	case status != statusActive:
		o.State = inventory.OwnerDeactivated
		o.Reason = fmt.Sprintf("Directus refuses the token while the status of its user is %s", cmsapi.Word(status))
	}
	return o
}

func (u user) name() string {
	full := strings.TrimSpace(u.FirstName.Value + " " + u.LastName.Value)
	return cmp.Or(full, u.Email.Value)
}

// lastActive reads last_access, which a login and the renewal of a session
// write, and the use of a token never does. On SQLite Directus writes it in the
// time zone of the server, without the zone.
func lastActive(f cmsapi.Field[cmsapi.UTCMoment]) inventory.Timestamp {
	if at, given := f.Get(); given && !at.Zoned {
		return inventory.UnknownTime(reasonNoZone)
	}
	return cmsapi.Timestamp("last_access", cmsapi.UTC(f), true)
}

// history is what the activity log tells.
type history struct {
	// deeds are what each user did last, logins aside.
	deeds map[string]cmsapi.Field[cmsapi.Moment]
	// creations and updates are of users.
	creations, updates map[string]cmsapi.Field[cmsapi.Moment]
	// gap says why the log may have more; empty if it has not.
	gap string
	// unread says why the time of an entry could not be read; empty if all were.
	unread string
}

// newHistory reads the log; gap says why that may not be whole, nil if it is.
func newHistory(a answers, gap *cmsapi.Error) history {
	h := history{
		deeds:     map[string]cmsapi.Field[cmsapi.Moment]{},
		creations: map[string]cmsapi.Field[cmsapi.Moment]{}, updates: map[string]cmsapi.Field[cmsapi.Moment]{},
	}
	if gap != nil {
		h.gap = "the activity log could not be read whole: " + gap.Message
	}
	for _, d := range a.deeds.Items {
		h.deeds[d.User.Value] = h.latest(d.Max)
	}
	for _, c := range a.creations.Items {
		h.creations[c.Item.Value] = h.latest(c.Max)
	}
	for _, c := range a.updates.Items {
		h.updates[c.Item.Value] = h.latest(c.Max)
	}
	return h
}

// latest is the time of the youngest entry of a group.
func (h *history) latest(f cmsapi.Field[moments]) cmsapi.Field[cmsapi.Moment] {
	h.unread = cmp.Or(h.unread, f.Reason("max"))
	if f.State == cmsapi.FieldGiven {
		h.unread = cmp.Or(h.unread, f.Value.Timestamp.Reason("timestamp"))
	}
	return f.Value.Timestamp
}

// broken says why not all of the log could be understood; nil if all could.
func (h history) broken() *cmsapi.Error {
	if h.unread != "" {
		return &cmsapi.Error{Class: inventory.ErrUnreadable, Message: h.unread}
	}
	return nil
}

// created is when the token was made: with its user, if nobody has changed that
// since. Every new token of a user is an update of the user, which the log has
// without telling what was updated.
func (h history) created(id string) inventory.Timestamp {
	at, logged := h.creations[id]
	_, changed := h.updates[id]
	switch {
	case h.gap != "":
		return inventory.UnknownTime(h.gap)
	case changed:
		return inventory.UnknownTime(reasonChanged)
	case !logged:
		return inventory.UnknownTime(reasonNoCreation)
	}
	return cmsapi.Timestamp("timestamp", at, false)
}

// updated is when the user was updated last: none where the log begins with the
// creation and has no update.
func (h history) updated(id string) inventory.Timestamp {
	at, changed := h.updates[id]
	_, logged := h.creations[id]
	switch {
	case h.gap != "":
		return inventory.UnknownTime(h.gap)
	case changed:
		return cmsapi.Timestamp("timestamp", at, false)
	case logged:
		return inventory.None()
	}
	return inventory.UnknownTime(reasonNoUpdate)
}

// use is when the token was used last. The log has what a user writes, not what
// it reads; and a user who logs in writes in a session, too, which the log does
// not tell from the token. One who never did can only have used the token.
func (h history) use(u user, collected time.Time) inventory.LastUsed {
	deed, logged := h.deeds[u.ID.Value]
	switch {
	case u.LastAccess.State == cmsapi.FieldGiven:
		return inventory.UnknownUse(reasonSessions)
	case u.LastAccess.State != cmsapi.FieldNull:
		return inventory.UnknownUse(u.LastAccess.Reason("last_access"))
	case !logged:
		return inventory.UnknownUse(cmp.Or(h.gap, reasonNoReads))
	case deed.State != cmsapi.FieldGiven:
		return inventory.UnknownUse(deed.Reason("timestamp"))
	case deed.Value.Time.After(collected.Add(skew)):
		return inventory.UnknownUse("the activity log has an entry of the user that is younger than this audit")
	case deed.Value.Time.After(collected):
		return inventory.UsedBetween(collected, collected)
	}
	return inventory.UsedBetween(deed.Value.Time, collected)
}

// skew is how far the clocks of the server and of the audit may be apart.
const skew = 5 * time.Minute
