package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// isText tells whether a constant is a text that is there.
func isText(v cty.Value) bool {
	return v.IsKnown() && !v.IsNull() && v.Type() == cty.String
}

// search looks for credentials that can be told by their looks in an argument:
// a plan shows no locals, and of an expression that is not constant as a whole
// only what it refers to.
func (c *code) search(address, name string, argument *hcl.Attribute) {
	node, ok := argument.Expr.(hclsyntax.Node)
	if !ok {
		return // JSON
	}
	_ = hclsyntax.VisitAll(node, func(n hclsyntax.Node) hcl.Diagnostics {
		literal, ok := n.(*hclsyntax.LiteralValueExpr)
		if !ok || !isText(literal.Val) {
			return nil
		}
		if cms, ok := shapeOf(literal.Val.AsString()); ok {
			c.literals = append(c.literals, inventory.Literal{
				Address: address, Attribute: name, Place: placeOf(address), CMS: cms, Origin: c.line(literal.SrcRange),
			})
		}
		return nil
	})
}

// placeOf says in what kind of block an address is.
func placeOf(address string) inventory.LiteralPlace {
	block := withoutModules(address)
	switch {
	case strings.HasPrefix(block, "provider."):
		return inventory.LiteralProvider
	case strings.HasPrefix(block, "var."):
		return inventory.LiteralVariable
	}
	return inventory.LiteralResource
}

// nested looks into the blocks of a block, such as the headers of a webhook.
func (c *code) nested(address, path string, block *hcl.Block) {
	body, ok := block.Body.(*hclsyntax.Body)
	if !ok {
		return
	}
	c.body(address, path, body, maxModules)
}

func (c *code) body(address, path string, body *hclsyntax.Body, depth int) {
	if depth == 0 {
		return
	}
	for _, inner := range body.Blocks {
		name := path + inner.Type
		for _, a := range inner.Body.Attributes {
			key := [2]string{address, inner.Type}
			if _, there := c.arguments[key]; !there {
				c.arguments[key] = c.line(inner.DefRange())
			}
			c.search(address, name+"."+a.Name, a.AsHCLAttribute())
		}
		c.body(address, name+".", inner.Body, depth-1)
	}
}
