package contentstack

import (
	"bytes"
	"encoding/json"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/exposure"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The members of answers. Contentstack's JSON is polymorphic in many places; a
// member that is not understood costs its own fact, and not the answer.
type (
	text    = cmsapi.Field[cmsapi.Text]
	boolean = cmsapi.Field[cmsapi.Flag]
)

// str returns the text, or "" where there is none.
func str(t text) string { return string(t.Value) }

// yes reports whether the flag is there and set.
func yes(f boolean) bool { return bool(f.Value) }

// page is an answer of any list of the Content Management API: one of the
// arrays is set. None of the types below it has a place for a secret: the
// delivery list shows `token` and `preview_token` in clear, a user object its
// `authtoken`, a share its `acceptance_token`, a stack its `master_key` and
// `discrete_variables`, and the decoder passes over all of them. deliverySecrets says
// where the first two are.
type page struct {
	Stacks       array[stack]                 `json:"stacks"`
	Tokens       array[token]                 `json:"tokens"`
	Token        cmsapi.Field[token]          `json:"token"`
	Environments array[environment]           `json:"environments"`
	Branches     array[branch]                `json:"branches"`
	Aliases      array[branchAlias]           `json:"branch_aliases"`
	Shares       array[share]                 `json:"shares"`
	Count        cmsapi.Field[cmsapi.Integer] `json:"count"`
}

// array is a list of which as many elements are read as ten pages have: some
// servers overlook the limit.
type array[T any] struct{ cmsapi.List[T] }

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (a *array[T]) UnmarshalJSON(b []byte) error {
	a.Decode(b, 10*pageSize)
	return nil
}

// tokens returns the token list, whichever of the two envelopes holds it: the
// reference shows a single delivery token as {"tokens":[x]}, tests of the
// vendor's SDKs show {"token":x}.
func (p *page) tokens() cmsapi.List[token] {
	if t, ok := p.Token.Get(); ok && p.Tokens.State == cmsapi.FieldAbsent {
		return cmsapi.List[token]{Items: []token{t}, State: cmsapi.FieldGiven}
	}
	return p.Tokens.List
}

// token is a delivery or a management token.
type token struct {
	UID         text                        `json:"uid"`
	Name        text                        `json:"name"`
	Description text                        `json:"description"`
	Scope       scope                       `json:"scope"`
	CreatedBy   text                        `json:"created_by"`
	CreatedAt   cmsapi.Field[cmsapi.Moment] `json:"created_at"`
	UpdatedAt   cmsapi.Field[cmsapi.Moment] `json:"updated_at"`
	// PreviewToken: this delivery token has a preview token next to it.
	PreviewToken presence `json:"preview_token"`
	ExpiresOn    text     `json:"expires_on"`
	NeverExpires boolean  `json:"is_never_expires"`
	Notifies     boolean  `json:"is_email_notification_enabled"`
}

func (t token) Flaw() string { return cmsapi.WithoutID("uid", t.UID) }

func (t token) Weight() int { return cmsapi.TokenWeight }

// deliverySecrets says where in the list of delivery tokens of a stack their secrets
// are, and those of the preview tokens; in either of the two envelopes.
func deliverySecrets(stack string) []exposure.Layout {
	places := []exposure.Place{
		{Path: []string{"token"}, Token: func(uid string) string { return tokenID(stack, unitDelivery, uid) }},
		{Path: []string{"preview_token"}, Token: func(uid string) string { return previewID(tokenID(stack, unitDelivery, uid)) }},
	}
	return []exposure.Layout{
		{Tokens: []string{"tokens"}, Ref: []string{"uid"}, Secrets: places},
		{Tokens: []string{"token"}, Ref: []string{"uid"}, Secrets: places},
	}
}

// scope is what a token opens.
type scope = cmsapi.List[scopeEntry]

// scopeEntry opens one module of a stack, narrowed by the array that belongs to
// the module.
type scopeEntry struct {
	Module       text             `json:"module"`
	ACL          acl              `json:"acl"`
	Environments cmsapi.List[ref] `json:"environments"`
	Branches     cmsapi.List[ref] `json:"branches"`
	Aliases      cmsapi.List[ref] `json:"branch_aliases"`
}

// acl is what a scope entry allows, by right: read and write, and by the types of
// the vendor's own SDK (@contentstack/management 1.30) also create, update and
// whatever comes. A right that it does not name is not given.
type acl = cmsapi.Map[boolean]

// environment is a publishing environment.
type environment struct {
	UID  text `json:"uid"`
	Name text `json:"name"`
}

func (e environment) Flaw() string { return cmsapi.WithoutID("uid", e.UID) }

// branch is a branch of a stack.
type branch struct {
	UID text `json:"uid"`
	// Exists is told by deleted_at.
	Exists existence `json:"deleted_at"`
}

func (b branch) Flaw() string { return cmsapi.WithoutID("uid", b.UID) }

// branchAlias points to a branch: UID is the branch, Alias the alias's own name.
type branchAlias struct {
	UID   text `json:"uid"`
	Alias text `json:"alias"`
}

func (a branchAlias) Flaw() string { return cmsapi.WithoutID("alias", a.Alias) }

// stack is a stack, in a list or alone.
type stack struct {
	UID           text                        `json:"uid"`
	Name          text                        `json:"name"`
	APIKey        text                        `json:"api_key"`
	Organization  text                        `json:"org_uid"`
	Owner         text                        `json:"owner_uid"`
	Settings      cmsapi.Field[stackSettings] `json:"settings"`
	SystemACL     cmsapi.Field[systemACL]     `json:"SYS_ACL"`
	Collaborators cmsapi.List[person]         `json:"collaborators"`
}

func (s stack) Flaw() string { return cmsapi.WithoutID("uid", s.UID) }

type stackSettings struct {
	Branches boolean `json:"branches"`
}

type systemACL struct {
	Roles cmsapi.List[ref] `json:"roles"`
}

// stackAnswer is the answer for one stack.
type stackAnswer struct {
	Stack cmsapi.Field[stack] `json:"stack"`
}

// person is a user of a stack, or the caller.
type person struct {
	UID       text             `json:"uid"`
	Email     text             `json:"email"`
	Username  text             `json:"username"`
	FirstName text             `json:"first_name"`
	LastName  text             `json:"last_name"`
	Roles     cmsapi.List[ref] `json:"roles"`
}

func (p person) Flaw() string { return cmsapi.WithoutID("uid", p.UID) }

// share is a user of an organization. UserUID is the account; where it is
// missing, UID is.
type share struct {
	person
	UserUID text `json:"user_uid"`
	Status  text `json:"status"`
}

func (s share) Flaw() string {
	if s.account() != "" {
		return ""
	}
	return cmsapi.WithoutID("uid", s.UID)
}

// userAnswer is the answer to "who am I".
type userAnswer struct {
	User cmsapi.Field[caller] `json:"user"`
}

type caller struct {
	person
	Organizations cmsapi.List[membership] `json:"organizations"`
}

// membership is one organization of the caller.
type membership struct {
	UID     text                  `json:"uid"`
	Name    text                  `json:"name"`
	IsOwner boolean               `json:"is_owner"`
	Roles   cmsapi.List[roleFlag] `json:"org_roles"`
}

type roleFlag struct {
	Admin boolean `json:"admin"`
}

// failureAnswer is the body of an error. Services besides the Content Management
// API say `message` for `error_message`.
type failureAnswer struct {
	Code    text `json:"error_code"`
	Message text `json:"error_message"`
	Other   text `json:"message"`
}

// presence tells that a member has a value, and keeps nothing of it. It stands
// where the value is a secret.
type presence bool

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (p *presence) UnmarshalJSON(b []byte) error {
	switch string(bytes.TrimSpace(b)) {
	case "null", `""`, "false":
		*p = false
	default:
		*p = true
	}
	return nil
}

// existence reads a deleted_at: false or nothing for what exists, else the time
// at which it was deleted. The zero value is what exists.
type existence string

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (e *existence) UnmarshalJSON(b []byte) error {
	switch b = bytes.TrimSpace(b); {
	case string(b) == "null", string(b) == "false", string(b) == `""`:
		*e = ""
	case b[0] == '"':
		*e = existence(inventory.No)
	default:
		*e = existence(inventory.Unknown)
	}
	return nil
}

func (e existence) ternary() inventory.Ternary {
	if e == "" {
		return inventory.Yes
	}
	return inventory.Ternary(e)
}

// ref names something: as an object with a uid and a name, or as a plain word
// that may be either.
type ref struct{ uid, name, word string }

// UnmarshalJSON implements json.Unmarshaler.
func (r *ref) UnmarshalJSON(b []byte) error {
	*r = ref{}
	if b[0] == '"' {
		var word cmsapi.Text
		err := word.UnmarshalJSON(b)
		r.word = string(word)
		return err
	}
	var o struct {
		UID  text `json:"uid"`
		Name text `json:"name"`
	}
	err := json.Unmarshal(b, &o)
	r.uid, r.name = str(o.UID), str(o.Name)
	return err
}

func (r ref) Flaw() string {
	if r == (ref{}) {
		return "names nothing"
	}
	return ""
}

// Weight is that of the item of a scope.
func (r ref) Weight() int { return 200 }
