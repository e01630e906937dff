// Package terraform reads the plans of Terraform and OpenTofu, as their command
// `show -json` prints them, and tells which tokens of CMSes there will be.
//
// A plan holds secrets in clear text: in the values before and after a change,
// in the state it began with, in variables and in the configuration. Read keeps
// the few attributes that describe a token, by name, and where a credential
// stands as a constant; nothing else leaves it.
package terraform

import (
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/terraform/code"
)

// CMS is the name of the source in the configuration and in every ID.
const CMS = "terraform"

// Plan is what was read of a plan. No secret is in it.
type Plan struct {
	// Root names the root module the plan is of. It is part of the ids of tokens
	// that do not exist yet, so it has to stay the same from run to run.
	Root string
	// File is the file the plan was read from, as the user wrote it; may be empty.
	File string
	// Timestamp is when the plan was made, UTC; zero where it does not tell.
	Timestamp time.Time

	changes []change
	// named finds the changes of the instances of one resource.
	named map[declared][]int
	// datoProviders counts the provider blocks of DatoCMS.
	datoProviders int
	// modules is the configuration; nil where the plan has none.
	modules *module
	// literals are the credentials that stand as constants in the configuration.
	literals []inventory.Literal
	units    []inventory.Unit
	// code finds lines; nil before Locate.
	code *code.Code
}

// action is what a plan does with a resource.
type action string

const (
	create    action = "create"
	update    action = "update"
	replace   action = "replace"
	unchanged action = "unchanged"
	remove    action = "delete"
	// forget drops a resource from the state and leaves it in the CMS.
	forget action = "forget"
)

// change is what a plan does with one instance of a resource.
type change struct {
	address string
	// module is the address of the module instance; empty for the root.
	module string
	kind   string
	name   string
	// key is the instance key as it stands in the address, such as `["a"]`.
	key    string
	action action
	// before is nil for what did not exist, after for what will not.
	before, after object
}

// declared is a resource in a module instance.
type declared struct{ module, kind, name string }

// object holds the attributes of a resource that are kept, by name.
type object map[string]value

// values returns the resource before or after the change; nil where there is none.
func (c change) values(after bool) object {
	if after {
		return c.after
	}
	return c.before
}

// planned returns the word of the schema for what the change does with a token.
func (c change) planned() inventory.Planned {
	switch c.action {
	case create:
		return inventory.PlannedCreate
	case update:
		return inventory.PlannedUpdate
	case replace:
		return inventory.PlannedReplace
	default:
		return inventory.PlannedUnchanged
	}
}

// keeps reports whether the object of before lives on after the change.
func (c change) keeps() bool {
	return c.action == update || c.action == unchanged || c.action == forget
}
