// Package entries adds entries to the lists of YAML files that people keep: comments, order,
// indentation and blank lines stay as they are, because text is inserted and nothing is
// written anew. The result is parsed and must mean the old document and the entry; else the
// edit is refused.
package entries

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Field is a key of an entry and its value, a text.
type Field struct{ Key, Value string }

// Entry is a mapping of texts, in its order. Keys are plain words. Values are valid UTF-8.
type Entry []Field

// String returns the entry as an item of a block list, without indentation, to be pasted.
func (e Entry) String() string { return e.block("", 1, "\n") }

// block writes the entry as an item of a block list: indent is before the dash, and gap
// spaces behind it.
func (e Entry) block(indent string, gap int, newline string) string {
	var b strings.Builder
	before := indent + "-" + strings.Repeat(" ", gap)
	for _, f := range e {
		b.WriteString(before + f.Key + ": " + Scalar(f.Value) + newline)
		before = indent + strings.Repeat(" ", gap+1)
	}
	return b.String()
}

// flow writes the entry on one line.
func (e Entry) flow() string {
	fields := make([]string, len(e))
	for i, f := range e {
		fields[i] = f.Key + ": " + Scalar(f.Value)
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

var (
	// plainScalar is what needs no quotes, be it in a flow collection, unless a reader of
	// YAML takes it for something other than a text.
	plainScalar = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9 _./@*+=;()'-]*[A-Za-z0-9_./@*+=;()'-])?$`)
	// yaml11 are texts to this library and truth values to older ones.
	yaml11 = []string{"y", "n", "yes", "no", "on", "off"}
)

// Scalar writes a text as a YAML scalar of one line: plain where that is unmistakable, else
// in double quotes. A date stays plain. The text is valid UTF-8.
func Scalar(text string) string {
	n := yaml.Node{Kind: yaml.ScalarNode, Value: text}
	tag := n.ShortTag()
	if plainScalar.MatchString(text) && (tag == "!!str" || tag == "!!timestamp" && len(text) == len("2006-01-02")) &&
		!slices.Contains(yaml11, strings.ToLower(text)) && !numeric.MatchString(text) {
		return text
	}
	// The escapes of Go are among those of YAML.
	return strconv.Quote(text)
}

// numeric is what some reader of YAML may take for a number, such as an octal one, or one
// with an exponent; a date is none.
var numeric = regexp.MustCompile(`^[0-9][0-9._]*(?:[eEoxXbB][0-9a-fA-F+_-]*)?$`)
