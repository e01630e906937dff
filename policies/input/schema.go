// Package input makes the input of rules: tokens and sources as terms of OPA, with
// what is derived from their facts at the audit time.
package input

import _ "embed"

// Schema is the JSON Schema of the input of rules, written without anyOf
// and oneOf, because OPA's checker accepts every typing error below these. It
// is generated from the Go structs by a test. What the checker cannot see: keys
// given to object.get, misspelt values such as "nevr", and the arguments of
// functions.
//
//go:embed input.schema.json
var Schema []byte
