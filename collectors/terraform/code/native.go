package code

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// parseNative reads a file in the native syntax, one item after the other, so that
// one that cannot be parsed takes no other with it. problem says what was not read;
// empty if nothing.
func parseNative(text []byte, path string) (blocks []block, problem string) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	tokens, _ := hclsyntax.LexConfig(text, path, hcl.InitialPos) // the parser finds what is wrong with them
	for _, it := range items(tokens) {
		if it.nesting > maxNesting {
			problem = fmt.Sprintf("line %d: has more than %d brackets and operators before it ends", it.start.Line, maxNesting)
			continue
		}
		file, wrong := hclsyntax.ParseConfig(text[it.start.Byte:it.end], path, it.start)
		if wrong.HasErrors() && problem == "" {
			problem = fmt.Sprintf("line %d: cannot be parsed", it.start.Line)
		}
		if file == nil {
			continue
		}
		if body, ok := file.Body.(*hclsyntax.Body); ok {
			for _, b := range body.Blocks {
				blocks = append(blocks, newBlock(b, path))
			}
		}
	}
	return blocks, problem
}

// maxNesting bounds the tokens of one item that can make its tree deeper. The parser
// and everything that walks its tree call themselves once for each at most, whatever
// they do where the code is wrong, and take up to 13 KB of stack for it: 60,000
// brackets would end the process.
const maxNesting = 10_000

// item is a block or an argument at the top level of a file, or several where the
// brackets do not match.
type item struct {
	start hcl.Pos
	// end is the byte behind it.
	end     int
	nesting int
}

// items cuts the tokens of a file where no bracket is open. However wrong the code
// is, the items are parsed apart, so that nesting bounds the depth of each.
func items(tokens hclsyntax.Tokens) []item {
	var found []item
	var current item
	var open []hclsyntax.TokenType
	for _, t := range tokens {
		ends := t.Type == hclsyntax.TokenNewline || t.Type == hclsyntax.TokenComment && bytes.HasSuffix(t.Bytes, []byte("\n"))
		switch {
		case t.Type == hclsyntax.TokenEOF:
			continue
		case current.end == 0 && (ends || t.Type == hclsyntax.TokenComment):
			continue // between two items
		case current.end == 0:
			current.start = t.Range.Start
		}
		current.end = t.Range.End.Byte
		if slices.Contains(nesting, t.Type) {
			current.nesting++
		}
		switch closer := closers[t.Type]; {
		case closer != 0:
			open = append(open, closer)
		case len(open) > 0 && open[len(open)-1] == t.Type:
			open = open[:len(open)-1]
		case ends && len(open) == 0:
			found = append(found, current)
			current = item{}
		}
	}
	if current.end > 0 {
		found = append(found, current)
	}
	return found
}

// nesting are the tokens for which a parser, or what walks its tree, calls itself. A
// quoted text is not among them: only what is interpolated in it can hold another.
var nesting = []hclsyntax.TokenType{
	hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl,
	hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenPlus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent,
	hclsyntax.TokenQuestion, hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual,
	hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq, hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq,
}

// closers are the tokens that close what others open.
var closers = map[hclsyntax.TokenType]hclsyntax.TokenType{
	hclsyntax.TokenOBrace: hclsyntax.TokenCBrace, hclsyntax.TokenOBrack: hclsyntax.TokenCBrack, hclsyntax.TokenOParen: hclsyntax.TokenCParen,
	hclsyntax.TokenOQuote: hclsyntax.TokenCQuote, hclsyntax.TokenOHeredoc: hclsyntax.TokenCHeredoc,
	hclsyntax.TokenTemplateInterp: hclsyntax.TokenTemplateSeqEnd, hclsyntax.TokenTemplateControl: hclsyntax.TokenTemplateSeqEnd,
}

func newBlock(b *hclsyntax.Block, path string) block {
	block := block{kind: b.Type, labels: b.Labels, file: path, line: b.DefRange().Start.Line}
	block.take("", 0, b.Body)
	return block
}

// take takes the arguments of a body, and of the blocks in it, such as the filters of
// a webhook. line is that of the outermost block in it, and 0 for its own body.
func (b *block) take(path string, line int, body *hclsyntax.Body) {
	for _, a := range body.Attributes {
		taken := argument{name: path + a.Name, line: line, texts: texts(a.Expr)}
		if line == 0 {
			taken.line = a.SrcRange.Start.Line
		}
		if t, ok := a.Expr.(*hclsyntax.TemplateExpr); ok && t.IsStringLiteral() && len(taken.texts) == 1 {
			taken.constant = taken.texts[0].text
		}
		b.arguments = append(b.arguments, taken)
	}
	for _, inner := range body.Blocks {
		outermost := line
		if line == 0 {
			outermost = inner.DefRange().Start.Line
		}
		b.take(path+inner.Type+".", outermost, inner.Body)
	}
}

// texts are the texts that are written in an expression.
func texts(expression hclsyntax.Expression) []written {
	var found []written
	_ = hclsyntax.VisitAll(expression, func(n hclsyntax.Node) hcl.Diagnostics {
		literal, ok := n.(*hclsyntax.LiteralValueExpr)
		if !ok || !literal.Val.IsKnown() || literal.Val.IsNull() || literal.Val.Type() != cty.String {
			return nil
		}
		text, line := literal.Val.AsString(), literal.SrcRange.Start.Line
		if literal.SrcRange.End.Line == line {
			found = append(found, written{text, line}) // a line break in it is written \n
			return nil
		}
		for part := range strings.Lines(text) {
			found = append(found, written{part, line})
			line++
		}
		return nil
	})
	return found
}
