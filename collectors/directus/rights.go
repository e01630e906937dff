package directus

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// rights are what the lists of a server say about who may do what.
type rights struct {
	roles    map[string]role
	policies map[string]verdict
	// byRole, byUser and public are the attached policies.
	byRole, byUser map[string][]attachment
	public         []attachment
	// gap says why a list may not be whole, so that nobody's rights are known to
	// end with what was read; empty if all are whole.
	gap string
}

func newRights(a answers) rights {
	r := rights{
		roles: map[string]role{}, policies: map[string]verdict{},
		byRole: map[string][]attachment{}, byUser: map[string][]attachment{},
	}
	for _, item := range a.roles.Items {
		r.roles[item.ID.Value] = item
	}
	for _, item := range a.access.Items {
		r.attach(item)
	}
	rows := map[string][]permission{}
	for _, p := range a.permissions.Items {
		id, given := p.Policy.Get()
		if !given {
			r.gap = cmp.Or(r.gap, "a permission does not say which policy it belongs to: "+p.Policy.Reason("policy"))
			continue
		}
		rows[id] = append(rows[id], p)
	}
	for _, p := range a.policies.Items {
		r.policies[p.ID.Value] = judge(p, rows[p.ID.Value])
	}
	return r
}

// close notes which lists may not be whole.
func (r *rights) close(a answers, see sights) {
	for _, l := range []struct {
		resource
		err *cmsapi.Error
	}{
		{listRoles, a.roles.Err}, {listPolicies, a.policies.Err}, {listAccess, a.access.Err}, {listPermissions, a.permissions.Err},
	} {
		if e := see.whole(l.resource, l.err); e != nil {
			r.gap = cmp.Or(r.gap, fmt.Sprintf("the list of %s is incomplete: %s", l.unit, e.Message))
		}
	}
}

// attach files an attachment under whom it gives its policy to.
func (r *rights) attach(a attachment) {
	role, user := a.Role.Value, a.User.Value
	if role != "" {
		r.byRole[role] = append(r.byRole[role], a)
	}
	if user != "" {
		r.byUser[user] = append(r.byUser[user], a)
	}
	switch {
	case a.Role.State == cmsapi.FieldNull && a.User.State == cmsapi.FieldNull:
		r.public = append(r.public, a)
	case role == "" && a.Role.State != cmsapi.FieldNull, user == "" && a.User.State != cmsapi.FieldNull:
		r.gap = cmp.Or(r.gap, "an attachment does not say to whom it gives its policy: "+
			cmp.Or(a.Role.Reason("role"), a.User.Reason("user"), "an id is empty"))
	}
}

// of adds up what a user may do: the policies of the role and of all its
// parents, and those of the user's own; for one without a role also the public
// policy.
func (r rights) of(u user) *union {
	sum := &union{}
	switch id, has := u.Role.Get(); {
	case has:
		r.addRole(sum, id)
	case u.Role.State == cmsapi.FieldNull:
		for _, a := range r.public {
			r.addPublic(sum, a)
		}
	default:
		sum.doubt(u.Role.Reason("role"))
	}
	for _, a := range r.byUser[u.ID.Value] {
		r.addAttached(sum, a)
	}
	sum.doubt(r.gap)
	return sum
}

// ofRole returns what a role alone would allow.
func (r rights) ofRole(id string) inventory.Level {
	sum := &union{}
	r.addRole(sum, id)
	sum.doubt(r.gap)
	return sum.access().Level
}

// addRole adds the policies of a role and of its parents. Roles that lead in a
// circle, which Directus does not let anybody make, end where it closes.
func (r rights) addRole(sum *union, id string) {
	seen := map[string]bool{}
	for id != "" {
		if seen[id] {
			sum.doubt(fmt.Sprintf("the parents of the role %s form a loop", shown(id)))
			return
		}
		seen[id] = true
		for _, a := range r.byRole[id] {
			r.addAttached(sum, a)
		}
		role, known := r.roles[id]
		if !known {
			sum.doubt(fmt.Sprintf("the role %s is not in the list of roles", shown(id)))
			return
		}
		if role.Parent.State != cmsapi.FieldGiven && role.Parent.State != cmsapi.FieldNull {
			sum.doubt(fmt.Sprintf("the role %s: %s", shown(id), role.Parent.Reason("parent")))
			return
		}
		id = role.Parent.Value
	}
}

func (r rights) addAttached(sum *union, a attachment) {
	if v, known := r.verdict(sum, a); known {
		sum.add(v, v.rows, v.flags)
	}
}

// addPublic adds the public policy. Directus reads admin_access and app_access
// of the policies of a role and of a user alone.
func (r rights) addPublic(sum *union, a attachment) {
	if v, known := r.verdict(sum, a); known {
		sum.add(v, v.rows)
	}
}

// verdict finds the policy of an attachment.
func (r rights) verdict(sum *union, a attachment) (verdict, bool) {
	id, given := a.Policy.Get()
	if !given {
		sum.doubt("an attached policy cannot be identified: " + a.Policy.Reason("policy"))
		return verdict{}, false
	}
	v, known := r.policies[id]
	if !known {
		sum.doubt(fmt.Sprintf("the policy %s is not in the list of policies", shown(id)))
	}
	return v, known
}

// uuid is what every id of Directus's own collections is.
var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// shown is an id for a reason; one of another form may be anything.
func shown(id string) string {
	if uuid.MatchString(id) {
		return id
	}
	return cmsapi.Word(id)
}

// union adds up policies.
type union struct {
	level       inventory.Level
	manages     bool
	grants      []string
	permissions []permission
	// reason says why there may be more; empty if there is not.
	reason string
}

func (u *union) doubt(reason string) { u.reason = cmp.Or(u.reason, reason) }

// add adds what a policy allows.
func (u *union) add(v verdict, parts ...allowance) {
	var words []string
	for _, part := range parts {
		u.level = higher(cmp.Or(u.level, inventory.LevelNone), part.level)
		u.manages = u.manages || part.manages
		u.doubt(part.doubt)
		words = append(words, part.words...)
	}
	u.permissions = append(u.permissions, v.permissions...)
	if len(words) == 0 {
		return
	}
	if grant := v.name + ": " + strings.Join(words, " "); !slices.Contains(u.grants, grant) {
		u.grants = append(u.grants, grant)
	}
}

// access: nothing is above an administrator, so one is known whatever else is
// not.
func (u *union) access() inventory.Access {
	manages := inventory.TernaryOf(u.manages)
	level := cmp.Or(u.level, inventory.LevelNone)
	if u.reason == "" || level == inventory.LevelAdmin {
		return inventory.NewAccess(level, manages, u.grants...)
	}
	if !u.manages {
		manages = inventory.Unknown
	}
	return inventory.AssumedAccess(u.reason, manages, u.grants...)
}

func higher(a, b inventory.Level) inventory.Level {
	if b.Compare(a) > 0 {
		return b
	}
	return a
}
