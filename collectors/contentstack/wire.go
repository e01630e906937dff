package contentstack

// page is an answer of any list of the Content Management API: one of the
// arrays is set. None of the types below it has a place for a secret: the
// delivery list shows `token` and `preview_token` in clear, a user object its
// `authtoken`, a share its `acceptance_token`, a stack its `master_key` and
// `discrete_variables`, and the decoder passes over all of them.
type page struct {
	Stacks       list[object[stack]]       `json:"stacks"`
	Tokens       list[object[token]]       `json:"tokens"`
	Token        object[token]             `json:"token"`
	Environments list[object[environment]] `json:"environments"`
	Branches     list[object[branch]]      `json:"branches"`
	Aliases      list[object[branchAlias]] `json:"branch_aliases"`
	Shares       list[object[share]]       `json:"shares"`
	Count        number                    `json:"count"`
}

// tokens gives the token list, whichever of the two envelopes holds it: the
// reference shows a single delivery token as {"tokens":[x]}, tests of the
// vendor's SDKs show {"token":x}.
func (p *page) tokens() *list[object[token]] {
	if p.Tokens.shape == absent && p.Token.shape == good {
		return &list[object[token]]{items: []object[token]{p.Token}, shape: good}
	}
	return &p.Tokens
}

// token is a delivery or a management token.
type token struct {
	UID         text                     `json:"uid"`
	Name        text                     `json:"name"`
	Description text                     `json:"description"`
	Scope       list[object[scopeEntry]] `json:"scope"`
	CreatedBy   text                     `json:"created_by"`
	CreatedAt   instant                  `json:"created_at"`
	UpdatedAt   instant                  `json:"updated_at"`
	// PreviewToken: this delivery token has a preview token beside it.
	PreviewToken presence `json:"preview_token"`
	ExpiresOn    text     `json:"expires_on"`
	NeverExpires flag     `json:"is_never_expires"`
	Notifies     flag     `json:"is_email_notification_enabled"`
}

// scopeEntry opens one module of a stack, narrowed by the array that belongs to
// the module.
type scopeEntry struct {
	Module       text        `json:"module"`
	ACL          object[acl] `json:"acl"`
	Environments list[ref]   `json:"environments"`
	Branches     list[ref]   `json:"branches"`
	Aliases      list[ref]   `json:"branch_aliases"`
}

// acl is what a scope entry allows; a right that it does not name is not given.
type acl struct {
	Read  flag `json:"read"`
	Write flag `json:"write"`
}

// environment is a publishing environment.
type environment struct {
	UID  text `json:"uid"`
	Name text `json:"name"`
}

// branch is a branch of a stack.
type branch struct {
	UID text `json:"uid"`
	// Deleted: deleted_at is false for a branch that exists, else a time.
	Deleted presence `json:"deleted_at"`
}

// branchAlias points to a branch: UID is the branch, Alias the alias's own name.
type branchAlias struct {
	UID   text `json:"uid"`
	Alias text `json:"alias"`
}

// stack is a stack, in the list of an organization or alone.
type stack struct {
	UID          text `json:"uid"`
	Name         text `json:"name"`
	APIKey       text `json:"api_key"`
	Organization text `json:"org_uid"`
	Owner        text `json:"owner_uid"`
	Settings     object[struct {
		Branches flag `json:"branches"`
	}] `json:"settings"`
	SystemACL object[struct {
		Roles list[ref] `json:"roles"`
	}] `json:"SYS_ACL"`
	Collaborators list[object[person]] `json:"collaborators"`
}

// stackAnswer is the answer for one stack.
type stackAnswer struct {
	Stack object[stack] `json:"stack"`
}

// person is a user of a stack, or the caller.
type person struct {
	UID       text      `json:"uid"`
	Email     text      `json:"email"`
	Username  text      `json:"username"`
	FirstName text      `json:"first_name"`
	LastName  text      `json:"last_name"`
	Roles     list[ref] `json:"roles"`
}

// share is a user of an organization. UserUID is the account; where it is
// missing, UID is.
type share struct {
	person
	UserUID text `json:"user_uid"`
}

// userAnswer is the answer to "who am I".
type userAnswer struct {
	User object[caller] `json:"user"`
}

type caller struct {
	person
	Organizations list[object[membership]] `json:"organizations"`
}

// membership is one organization of the caller.
type membership struct {
	UID     text `json:"uid"`
	Name    text `json:"name"`
	IsOwner flag `json:"is_owner"`
	Roles   list[object[struct {
		Admin flag `json:"admin"`
	}]] `json:"org_roles"`
}

// failureAnswer is the body of an error. Services beside the Content Management
// API say `message` for `error_message`.
type failureAnswer struct {
	Code    code `json:"error_code"`
	Message text `json:"error_message"`
	Other   text `json:"message"`
}
