// Package rules holds the rules that come with the program: one folder a rule.
package rules

import "embed"

// Files are the folders of the rules, each with its Rego, its tests and its page, and what
// all of them share.
//
//go:embed */*.rego */*.md *.rego
var Files embed.FS
