// Package manifest reads tokens.yaml: the tokens that there are to be at CMSes
// that no Terraform provider manages, in the words of the common schema. They
// are judged by the rules that judge live tokens, and compared with those.
package manifest

import (
	_ "embed"
	"encoding/json"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

//go:embed schema.json
var schemaJSON string

// SchemaJSON is the JSON Schema of the manifest, draft 2020-12, for editors. It
// is also what a manifest is checked against.
func SchemaJSON() []byte { return []byte(schemaJSON) }

// Manifest is a manifest that has been checked.
type Manifest struct {
	// File is as the user wrote it; may be empty.
	File    string   `json:"-"`
	Sources []Source `json:"sources"`
}

// Source is a source with all tokens that it is to have.
type Source struct {
	ID   string               `json:"id"`
	Name string               `json:"name"`
	Kind inventory.SourceKind `json:"kind"`
	// Environments are all of the source; nil where the manifest does not say.
	Environments []string `json:"environments"`
	Tokens       []Token  `json:"tokens"`
	// Line counts from 1.
	Line int `json:"-"`
}

// Token is a token that there is to be. What the manifest leaves out is nil.
type Token struct {
	Name        string          `json:"name"`
	Ref         string          `json:"ref"`
	Kind        inventory.Kind  `json:"kind"`
	Description *string         `json:"description"`
	APIs        []inventory.API `json:"apis"`
	Access      *Access         `json:"access"`
	// Environments and Branches are "all" or a list of ids.
	Environments Scope  `json:"environments"`
	Branches     Scope  `json:"branches"`
	Expiry       string `json:"expiry"`
	Owner        *Owner `json:"owner"`
	Traits       struct {
		NotifiesBeforeExpiry inventory.Ternary `json:"notifies_before_expiry"`
	} `json:"traits"`
	// Line counts from 1.
	Line int `json:"-"`
	// expiry is Expiry, read.
	expiry inventory.Expiry
}

// Access is what a token is to be able to do.
type Access struct {
	Level         inventory.Level   `json:"level"`
	ManagesTokens inventory.Ternary `json:"manages_tokens"`
	Grants        []string          `json:"grants"`
}

// Owner is who a token is to belong to.
type Owner struct {
	Type inventory.OwnerType `json:"type"`
	ID   string              `json:"id"`
	Name string              `json:"name"`
}

// Scope is a set of environments or branches.
type Scope struct {
	// Given: the manifest says it.
	Given bool
	All   bool
	IDs   []string
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *Scope) UnmarshalJSON(text []byte) error {
	s.Given = true
	if string(text) == `"all"` {
		s.All = true
		return nil
	}
	return json.Unmarshal(text, &s.IDs)
}

// readExpiry reads what the schema has let through, as that of a token that may have an expiry.
func readExpiry(s string) (inventory.Expiry, bool) {
	switch s {
	case "":
		return inventory.UnknownExpiry(true, reasonUnsaid), true
	case "never":
		return inventory.NeverExpires(true), true
	}
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		return inventory.ExpiresAt(day, inventory.PrecisionDay), true
	}
	moment, err := time.Parse(time.RFC3339, s)
	return inventory.ExpiresAt(moment, inventory.PrecisionInstant), err == nil
}
