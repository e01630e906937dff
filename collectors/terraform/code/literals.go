package code

import (
	"bytes"
	"path/filepath"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/terraform/masking"
	"github.com/tokenaudit/tokenaudit/collectors/terraform/tfaddress"
)

// maxLiterals bounds the credentials that are kept of code.
const maxLiterals = 10_000

// search looks for credentials that can be told by their looks in an argument:
// a plan shows no locals, and of an expression that is not constant as a whole
// only what it refers to.
func (c *Code) search(address, name string, b block, a argument) {
	for _, t := range a.texts {
		if cms, ok := masking.CredentialOf(t.text); ok {
			c.literal(address, name, cms, c.line(b, t.line))
		}
	}
}

// literal keeps a credential. Its address and name may hold one themselves.
func (c *Code) literal(address, attribute, cms string, origin inventory.Origin) {
	l := inventory.Literal{
		Address: masking.Cut(masking.Mask(address)), Attribute: masking.Cut(masking.Mask(attribute)), Place: placeOf(address), CMS: cms, Origin: origin,
	}
	key := [2]string{l.Address, l.Attribute}
	switch {
	case c.found[key]:
	case len(c.Literals) >= maxLiterals:
		c.gap("there are more than %d credentials in the code", maxLiterals)
	default:
		c.found[key] = true
		c.Literals = append(c.Literals, l)
	}
}

// searchText looks for credentials in what of a file is in no argument: in comments,
// and in code that was not parsed.
func (c *Code) searchText(path string, text []byte, blocks []block) {
	told := map[int]bool{}
	for _, b := range blocks {
		for _, a := range b.arguments {
			for _, t := range a.texts {
				if _, ok := masking.CredentialOf(t.text); ok {
					told[t.line] = true
				}
			}
		}
	}
	shown := filepath.ToSlash(c.shown(path))
	lines := lineCounter{text: text, line: 1}
	start := 0
	for line := range bytes.Lines(text) {
		number := lines.at(start)
		start += len(line)
		if cms, ok := masking.CredentialOf(string(line)); ok && !told[number] {
			c.literal(shown, "text", cms, inventory.Origin{File: shown, Line: number})
		}
	}
}

// placeOf says in what kind of block an address is.
func placeOf(address string) inventory.LiteralPlace {
	block := tfaddress.WithoutModules(address)
	switch {
	case strings.HasPrefix(block, "provider."):
		return inventory.LiteralProvider
	case strings.HasPrefix(block, "var."):
		return inventory.LiteralVariable
	}
	return inventory.LiteralResource
}
