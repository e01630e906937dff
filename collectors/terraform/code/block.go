package code

import (
	"slices"
	"strings"
)

// block is a block of a file of code, in either syntax.
type block struct {
	// kind is the word that it begins with: resource, provider, locals.
	kind   string
	labels []string
	file   string
	// line counts from 1.
	line      int
	arguments []argument
}

// argument is an argument of a block, or of a block in it.
type argument struct {
	// name is the path in the block: "cma_token", "filter.value".
	name string
	line int
	// constant is the text that the argument is; empty where it is anything else.
	constant string
	// texts are all that are written in it.
	texts []written
}

// written is a text that is written in code, and its line.
type written struct {
	text string
	line int
}

// constant returns the text of an argument; empty where it is anything else.
func (b block) constant(name string) string {
	i := slices.IndexFunc(b.arguments, func(a argument) bool { return a.name == name })
	if i < 0 {
		return ""
	}
	return b.arguments[i].constant
}

// address is that of the block in its module, as a plan has it.
func (b block) address() string {
	labels := strings.Join(b.labels, ".")
	switch {
	case labels == "":
		return b.kind
	case b.kind == "resource":
		return labels
	case b.kind == "variable":
		return "var." + labels
	case b.kind == "provider" && b.constant("alias") != "":
		return "provider." + labels + "." + b.constant("alias")
	}
	return b.kind + "." + labels
}

const (
	// maxWeight bounds what weigh counts in one file, maxAllWeight in all of them:
	// 100,000 lines of code have some 700,000. A file of 1 MiB of nothing but signs
	// takes 450 MB to parse.
	maxWeight    = 1_000_000
	maxAllWeight = 4_000_000
)

// weigh counts the words and signs of a text, which are at least as many as a parser
// makes tokens of it.
func weigh(text []byte) int {
	weight, inWord := 0, false
	for _, c := range text {
		switch {
		case c == ' ', c == '\t', c == '\r':
			inWord = false
		case c >= 0x80, c == '_', '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
			if !inWord {
				weight++
			}
			inWord = true
		default:
			weight++
			inWord = false
		}
	}
	return weight
}
