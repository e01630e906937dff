package wordpress

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The names of the units.
const (
	unitSite      = "site"
	unitUsers     = "users"
	unitPasswords = "application_passwords"
	unitAuditor   = "auditor"
)

// useResolution: WordPress writes last_used anew only when the last value is a
// full day old, so a use lies up to so much after what it says.
const useResolution = 24 * time.Hour

// collect makes a source of what was read.
func (c *collector) collect(source inventory.Source, a answers) inventory.Source {
	personal := []inventory.Kind{inventory.Personal}
	if a.indexErr != nil {
		source.Units = []inventory.Unit{
			cmsapi.UnitOf(unitSite, nil, false, a.indexErr), cmsapi.UnitOf(unitUsers, nil, false, a.indexErr),
			cmsapi.UnitOf(unitPasswords, personal, false, a.indexErr), cmsapi.UnitOf(unitAuditor, nil, false, a.indexErr),
		}
		source.Auditor = instance.UnknownAuditor("the site could not be read")
		return source
	}
	s := site{source: source, cms: c.Server}
	unit := func(name, route string, kinds []inventory.Kind, some bool, err error) inventory.Unit {
		return c.Unit(name, a.routes(route, nil).Path, kinds, some, err)
	}
	tokens, failed, passwordsErr := s.tokens(a)
	source.Tokens = tokens
	own, ownErr := s.auditor(a)
	source.Auditor = own
	passwords := unit(unitPasswords, routeUsers, personal, len(source.Tokens) > 0, passwordsErr)
	passwords.Missing = a.missing(failed)
	source.Units = []inventory.Unit{
		unit(unitSite, routeIndex, nil, false, a.index.understood()),
		unit(unitUsers, routeUsers, nil, len(a.users.Items) > 0, a.users.Err),
		passwords,
		unit(unitAuditor, routeOwn, nil, false, ownErr),
	}
	if _, on := a.index.Authentication.Members["application-passwords"]; !on && source.Units[0].Status == inventory.UnitComplete {
		source.Units[0].Detail = "the site does not offer application passwords: those that exist do not work"
	}
	return source
}

// userID is what WordPress has for ids.
var userID = regexp.MustCompile(`^[0-9]{1,20}$`)

// missing returns the users whose application passwords could not be read, where they are all
// that is missing.
func (a answers) missing(failed []string) []string {
	malformed := func(id string) bool { return !userID.MatchString(id) }
	if a.users.Err != nil || a.sampled || len(failed) > inventory.MaxMissing || slices.ContainsFunc(failed, malformed) {
		return nil
	}
	return failed
}

// understood says what of the index could not be understood; nil if all was.
func (i index) understood() error {
	if reason := cmp.Or(i.Name.Reason("name"), i.Authentication.Reason("authentication")); reason != "" {
		return explain(&cmsapi.Error{Class: inventory.ErrUnreadable, Message: reason})
	}
	return nil
}

// site is what tokens are made with.
type site struct {
	source inventory.Source
	cms    *instance.Server
}

// tokens makes the tokens of all users, with those that are kept. missing are the users whose could not be read whole;
// the error says so, and is nil if all were.
func (s site) tokens(a answers) (tokens []inventory.Token, missing []string, _ error) {
	n := 0
	for _, p := range a.passwords {
		n += len(p.list.Items)
	}
	tokens = make([]inventory.Token, 0, n+len(a.kept))
	var first *cmsapi.Error
	fail := func(id string, e *cmsapi.Error) {
		first = cmp.Or(first, e.At(s.cms.Asked(a.routes(routeOf(id), nil).Path)))
		if !slices.Contains(missing[max(0, len(missing)-1):], id) {
			missing = append(missing, id)
		}
	}
	for i, u := range a.users.Items {
		id := string(u.ID.Value)
		if e := a.passwords[i].err; e != nil {
			fail(id, e)
		}
		seen := map[string]bool{}
		for _, p := range a.passwords[i].list.Items {
			uuid := p.UUID.Value
			if seen[uuid] {
				fail(id, &cmsapi.Error{Class: inventory.ErrUnreadable, Message: "two application passwords have the same uuid"})
				continue
			}
			seen[uuid] = true
			tokens = append(tokens, s.token(u, p))
		}
	}
	tokens = append(tokens, a.kept...)
	switch {
	case first != nil:
		e := *first
		e.Message = fmt.Sprintf("%s (user %s; %d of %d users concerned)", e.Message, missing[0], len(missing), max(len(a.users.Items), len(a.all)))
		return tokens, missing, &e
	case a.users.Err != nil:
		e := *a.users.Err
		e.Message = "the list of users is incomplete: " + e.Message
		return tokens, nil, &e
	case !a.sampled && a.lacksOwn():
		return tokens, nil, explain(&cmsapi.Error{Class: inventory.ErrTruncated, Hint: hintEditUsers,
			Message: "the application password of the scan is not among them, so a user of the site was not listed"})
	}
	return tokens, nil, nil
}

// lacksOwn reports whether the application password of the scan, if it is known,
// is none of those that were read.
func (a answers) lacksOwn() bool {
	own, known := a.own.UUID.Get()
	if a.ownErr != nil || !known || own == "" {
		return false
	}
	return !slices.ContainsFunc(a.kept, func(t inventory.Token) bool { return t.Ref == own }) && !slices.ContainsFunc(a.passwords, func(p passwords) bool {
		return slices.ContainsFunc(p.list.Items, func(listed applicationPassword) bool { return listed.UUID.Value == own })
	})
}

// token makes one token of the common schema.
func (s site) token(u user, p applicationPassword) inventory.Token {
	id, access := string(u.ID.Value), accessOf(u)
	t := inventory.Token{
		ID:     tokenID(s.source.ID, id, p.UUID.Value),
		Ref:    p.UUID.Value,
		CMS:    CMS,
		Source: s.source.ID,
		Name:   p.Name.Or("application password " + p.UUID.Value),
		URL:    s.cms.Page(administration + cmsapi.Path("user-edit.php?user_id={}#application-passwords-section", id)),
		Kind:   inventory.Personal,
		APIs:   []inventory.API{inventory.ContentDelivery},
		Access: access,

		Environments: instance.Scope(s.source, reasonNoEnvironments),
		CreatedAt:    cmsapi.Timestamp("created", cmsapi.UTC(p.Created), false),
		UpdatedAt:    inventory.UnknownTime(reasonNoUpdate),
		RevokedAt:    inventory.None(),
		Expiry:       inventory.NeverExpires(false),
		LastUsed:     cmsapi.LastUse("last_used", cmsapi.UTC(p.LastUsed), useResolution),
		Traits:       inventory.Traits{Factory: inventory.No, NotifiesBeforeExpiry: inventory.No},
		Owner:        owner(u, access),
		// WordPress keeps a hash only.
		Secret: inventory.Secret{Readable: inventory.No},
		Origin: s.source.Origin,
	}
	if access.Write {
		t.APIs = []inventory.API{inventory.ContentManagement}
	}
	return t
}

func tokenID(source, user, uuid string) string {
	return source + cmsapi.Path("/users/{}/application_passwords/{}", user, uuid)
}

// owner is the user that the password acts as. WordPress itself has no state
// in which a user exists and cannot log in.
func owner(u user, access inventory.Access) inventory.Owner {
	o := inventory.Owner{
		Type: inventory.OwnerPerson, ID: string(u.ID.Value), Name: cmp.Or(u.Name.Value, u.Username.Value),
		State: inventory.OwnerActive, Level: access.Level,
		LastActive: inventory.UnknownTime(reasonNoActivity), Reason: access.Reason,
	}
	if len(u.Roles.Items) > 0 {
		o.Role = u.Roles.Items[0]
	}
	return o
}
