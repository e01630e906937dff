package contentstack

import (
	"cmp"
	"context"
	"net/url"
	"strings"
	"sync"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// people are the users of a stack or of an organization, by the uid of the
// account. They are all of them only if gap is nil.
type people struct {
	known map[string]person
	gap   *gap
}

func (p people) find(uid string) (person, bool) { found, ok := p.known[uid]; return found, ok }

// displayName is what a person is called.
func (p person) displayName() string {
	full := strings.TrimSpace(p.FirstName.value + " " + p.LastName.value)
	return cmp.Or(full, p.Email.value, p.Username.value)
}

// organization holds what all stacks of an organization share: its users, read
// once.
type organization struct {
	uid    string
	client *cmsapi.Client
	mu     sync.Mutex
	users  *people
	// reading is closed when the read under way has ended; nil if none is.
	reading chan struct{}
}

// members gives the users of the organization. The first stack that asks reads
// the list, the others wait for it. A read that was cut short by the end of its
// own context is not kept.
func (o *organization) members(ctx context.Context, c *collector) people {
	for {
		o.mu.Lock()
		users, reading := o.users, o.reading
		if users == nil && reading == nil {
			o.reading = make(chan struct{})
		}
		o.mu.Unlock()
		switch {
		case users != nil:
			return *users
		case reading == nil:
			return o.lead(ctx, c)
		}
		select {
		case <-reading:
		case <-ctx.Done():
			return people{gap: gapOf(ctx.Err())}
		}
	}
}

// lead reads the users for everybody who waits.
func (o *organization) lead(ctx context.Context, c *collector) (p people) {
	whole := false
	defer func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if whole {
			o.users = &p
		}
		close(o.reading)
		o.reading = nil
	}()
	p = o.read(ctx, c)
	whole = ctx.Err() == nil
	return p
}

// read lists the users of the organization. A share has an id of its own; the
// account's is in user_uid, and missing only for an invitation that nobody has
// taken up yet, or from an API that says uid for it.
func (o *organization) read(ctx context.Context, c *collector) people {
	account := func(s share) string { return cmp.Or(s.UserUID.value, s.UID.value) }
	shares, g := readList(ctx, o.client, listing[share]{
		path:   cmsapi.Path("/v3/organizations/{}/share", o.uid),
		header: c.organizationHeader(o.uid),
		member: "shares",
		pick:   func(p *page) *list[object[share]] { return &p.Shares },
		id:     account,
	})
	p := people{known: map[string]person{}, gap: g.withHint(hintOrganization)}
	for _, s := range shares {
		p.known[account(s)] = s.person
	}
	return p
}

// collaborators reads the users of one stack.
func (c *collector) collaborators(ctx context.Context, s *openStack) people {
	if s.people != nil {
		return *s.people
	}
	var answer stackAnswer
	_, err := s.client.Get(ctx, cmsapi.Request{
		Path: "/v3/stacks", Header: c.stackHeader(s), Query: url.Values{"include_collaborators": {"true"}},
	}, &answer)
	if err != nil {
		return people{gap: gapOf(err).withHint(hintSupport)}
	}
	return collaboratorsOf(answer.Stack.value)
}

// collaboratorsOf gives the users that came with a stack.
func collaboratorsOf(s stack) people {
	p := people{known: map[string]person{}}
	unreadable := s.Collaborators.shape != good
	for _, o := range s.Collaborators.items {
		if o.value.UID.value == "" {
			unreadable = true
			continue
		}
		p.known[o.value.UID.value] = o.value
	}
	if unreadable {
		p.gap = &gap{class: inventory.ErrUnreadable, detail: "GET /v3/stacks: the answer has no whole list of collaborators"}
	}
	return p
}

// census is what is known of the people around a stack. A list that was not
// needed is nil. The owner of the stack and the caller have an account without
// standing in any list.
type census struct {
	// owner is the uid of the stack's owner.
	owner  string
	caller person
	organization, collaborators *people
}

// missing reports whether some creator is not found in what was read.
func (c census) missing(creators map[string]bool) bool {
	for uid := range creators {
		if _, ok := c.find(uid); !ok {
			return true
		}
	}
	return false
}

func (c census) find(uid string) (person, bool) {
	for _, p := range []*people{c.organization, c.collaborators} {
		if p == nil {
			continue
		}
		if found, ok := p.find(uid); ok {
			return found, true
		}
	}
	if uid != "" && uid == c.caller.UID.value {
		return c.caller, true
	}
	return person{}, uid != "" && uid == c.owner
}

// ownerOf says who made a token. A delivery or management token acts as nobody,
// so its owner is its creator. A creator is gone only if both lists were read
// to their ends and neither has the account.
func (c census) ownerOf(t token) inventory.Owner {
	o := inventory.Owner{
		Type: inventory.OwnerPerson, ID: t.CreatedBy.value,
		State: inventory.OwnerStateUnknown, Level: inventory.LevelUnknown,
		LastActive: unknownTime("Contentstack does not report when a user was last active"),
	}
	if o.ID == "" {
		o.Type, o.Reason = inventory.OwnerUnknown, "Contentstack does not say who made the token"
		return o
	}
	if o.ID == c.owner {
		o.Level, o.Role = inventory.LevelAdmin, "owner"
	}
	found, ok := c.find(o.ID)
	switch {
	case ok:
		o.State, o.Name = inventory.OwnerActive, found.displayName()
	case c.organization == nil:
		o.Reason = "it is not known to which organization the stack belongs"
	case c.organization.gap != nil:
		o.Reason = "who made the token is not among the users of the stack, and the users of the organization could not be read"
	case c.collaborators == nil || c.collaborators.gap != nil:
		o.Reason = "who made the token is not among the users of the organization, and those of the stack could not be read"
	default:
		o.State = inventory.OwnerRemoved
	}
	return o
}

func unknownTime(reason string) inventory.Timestamp {
	return inventory.Timestamp{State: inventory.TimestampUnknown, Reason: reason}
}
