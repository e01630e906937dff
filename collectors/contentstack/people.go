package contentstack

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// people are the users of a stack or of an organization, by the uid of the
// account. They are all of them only if err is nil.
type people struct {
	known map[string]person
	err   *cmsapi.Error
}

func (p *people) find(uid string) (person, bool) {
	if p == nil {
		return person{}, false
	}
	found, ok := p.known[uid]
	return found, ok
}

// incomplete reports whether somebody who is not among the people may belong to
// them all the same.
func (p *people) incomplete() bool { return p == nil || p.err != nil }

// displayName is what a person is called.
func (p person) displayName() string {
	full := strings.TrimSpace(str(p.FirstName) + " " + str(p.LastName))
	return cmp.Or(full, str(p.Email), str(p.Username))
}

// userListing is the list of an organization's users.
func userListing(uid string) listing[share] {
	return listing[share]{
		path:   cmsapi.Path("/v3/organizations/{}/share", uid),
		header: organizationHeader(uid),
		member: "shares",
		pick:   func(p *page) cmsapi.List[share] { return p.Shares.List },
		id:     share.account,
	}
}

// account is the uid of the user's account. A share has an id of its own; the
// account's is in user_uid, and missing for an invitation that nobody has taken
// up yet, or where uid is the account's.
func (s share) account() string { return cmp.Or(str(s.UserUID), str(s.UID)) }

// statusPending is that of an invitation that nobody has taken up yet.
const statusPending = "pending"

// add takes the users of an organization in. Shares without a user_uid tell of
// accounts only if the caller, who has one, is found among their uids; else
// nobody can be said to be missing.
func (p *people) add(shares []share, caller string) {
	anonymous, accounts := 0, false
	for _, s := range shares {
		p.known[s.account()] = s.person
		if str(s.UserUID) == "" && str(s.Status) != statusPending {
			anonymous++
			accounts = accounts || caller != "" && str(s.UID) == caller
		}
	}
	if p.err == nil && anonymous > 0 && !accounts {
		p.err = &cmsapi.Error{
			Class: inventory.ErrUnreadable, Message: fmt.Sprintf("%d of %d shares have no user_uid", anonymous, len(shares)),
		}
	}
}

// organizationUsers lists the users of an organization, once for all its
// stacks.
func (c *collector) organizationUsers(ctx context.Context, uid string, client *cmsapi.Client) *people {
	users, err := c.users.Do(ctx, uid, func(ctx context.Context) (*people, error) {
		shares := readList(ctx, client, userListing(uid))
		p := &people{known: map[string]person{}, err: hinted(shares.Err, hintOrganization)}
		p.add(shares.Items, str(c.caller.UID))
		return p, ctx.Err()
	})
	if err != nil {
		return &people{err: cmsapi.AsError(err)}
	}
	return users
}

// collaborators reads the users of one stack.
func (c *collector) collaborators(ctx context.Context, s *openStack) *people {
	var answer stackAnswer
	_, err := s.client.Get(ctx, cmsapi.Request{
		Path: "/v3/stacks", Header: c.stackHeader(s), Query: url.Values{"include_collaborators": {"true"}},
	}, &answer)
	if err != nil {
		// Tokens of this stack were read, so the credential is valid.
		return &people{err: hinted(denied(cmsapi.AsError(err), hintSupport), hintSupport)}
	}
	return collaboratorsOf(answer.Stack.Value)
}

// collaboratorsOf returns the users that came with a stack.
func collaboratorsOf(s stack) *people {
	p := &people{known: map[string]person{}, err: s.Collaborators.Err("collaborators")}
	for _, who := range s.Collaborators.Items {
		p.known[str(who.UID)] = who
	}
	if p.err != nil {
		p.err.Path = "/v3/stacks"
	}
	return p
}

// census is what is known of the people around a stack. A list that was not
// needed is nil. The owner of the stack and the caller have an account without
// standing in any list.
type census struct {
	owner                       string
	caller                      person
	organization, collaborators *people
}

func (c census) find(uid string) (person, bool) {
	for _, list := range []*people{c.organization, c.collaborators} {
		if found, ok := list.find(uid); ok {
			return found, true
		}
	}
	if uid != "" && uid == str(c.caller.UID) {
		return c.caller, true
	}
	return person{}, uid != "" && uid == c.owner
}

// missing reports whether some creator is not found in what was read.
func (c census) missing(creators []string) bool {
	for _, uid := range creators {
		if _, ok := c.find(uid); !ok && uid != "" {
			return true
		}
	}
	return false
}

const (
	reasonLastActive = "Contentstack does not report when a user was last active"
	reasonNoCreator  = "Contentstack does not say who made the token"
	reasonOwnerLevel = "what the user may do in the stack was not read"
)

// ownerOf says who made a token. Delivery and management tokens act as nobody,
// so the owner is the creator. A creator is gone only if both lists were read
// to their ends and neither has the account.
func (c census) ownerOf(uid string) inventory.Owner {
	if uid == "" {
		return inventory.UnknownOwner(reasonNoCreator)
	}
	o := inventory.Owner{
		Type: inventory.OwnerPerson, ID: uid, State: inventory.OwnerStateUnknown,
		Level: inventory.LevelUnknown, LastActive: inventory.UnknownTime(reasonLastActive), Reason: reasonOwnerLevel,
	}
	if uid == c.owner {
		o.Level, o.Role, o.Reason = inventory.LevelAdmin, "owner", ""
	}
	found, ok := c.find(uid)
	switch {
	case ok:
		o.State, o.Name = inventory.OwnerActive, found.displayName()
	case c.organization == nil:
		o.Reason = "it is not known to which organization the stack belongs"
	case c.organization.incomplete():
		o.Reason = "who made the token is not among the users of the stack, and the users of the organization could not be read"
	case c.collaborators.incomplete():
		o.Reason = "who made the token is not among the users of the organization, and the users of the stack could not be read"
	default:
		o.State, o.Level, o.Reason = inventory.OwnerRemoved, inventory.LevelNone, ""
	}
	return o
}
