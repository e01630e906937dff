package entries

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// page is a text and where its lines begin, as YAML counts them.
type page struct {
	text []byte
	// starts are the offsets of the lines; the first is behind a byte order mark.
	starts  []int
	newline string
}

// splice replaces some bytes of a text; remove may be 0.
type splice struct {
	at, remove int
	insert     string
}

func newPage(text []byte) *page {
	p := &page{text: text, newline: "\n"}
	i := len(text) - len(bytes.TrimPrefix(text, []byte(byteOrderMark)))
	p.starts = []int{i}
	for i < len(text) {
		c, size := utf8.DecodeRune(text[i:])
		i += size
		switch c {
		case '\r':
			if i < len(text) && text[i] == '\n' {
				if len(p.starts) == 1 {
					p.newline = "\r\n"
				}
				i++
			}
			p.starts = append(p.starts, i)
		case '\n', '\u0085', '\u2028', '\u2029': // the parser counts a line at each
			p.starts = append(p.starts, i)
		}
	}
	return p
}

// last is the number of the last line that is not empty at the end of the text.
func (p *page) last() int {
	if n := len(p.starts); n > 1 && p.starts[n-1] == len(p.text) {
		return n - 1
	}
	return len(p.starts)
}

// behind is the offset behind a line, counted from 1, and its line break.
func (p *page) behind(line int) int {
	if line < len(p.starts) {
		return p.starts[line]
	}
	return len(p.text)
}

// line is the text of a line, counted from 1, without its break.
func (p *page) line(n int) string {
	if n < 1 || n > len(p.starts) {
		return ""
	}
	return strings.TrimRight(string(p.text[p.starts[n-1]:p.behind(n)]), "\r\n\u0085\u2028\u2029")
}

// offset is where a node begins.
func (p *page) offset(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(p.starts) {
		return len(p.text)
	}
	at := p.starts[n.Line-1]
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(p.text[at:])
		at += size
	}
	return at
}

func (p *page) apply(splices []splice) []byte {
	var out []byte
	from := 0
	for _, s := range splices {
		out = append(append(out, p.text[from:s.at]...), s.insert...)
		from = s.at + s.remove
	}
	return append(out, p.text[from:]...)
}

// places returns where the entry may be inserted, what looks best first. Some are wrong in
// some files: Add takes the first whose result is right.
func (p *page) places(root *yaml.Node, key string, e Entry) [][]splice {
	name, value := find(root, key)
	switch {
	case value == nil:
		return p.newList(root, key, e)
	case value.Kind == yaml.SequenceNode && value.Style&yaml.FlowStyle == 0:
		return p.blockList(root, value, e)
	case value.Kind == yaml.SequenceNode:
		return append(p.emptied(root, name, value, e), p.flowList(value, e)...)
	}
	return p.emptied(root, name, value, e)
}

// newList adds the key and its list at the end of the document.
func (p *page) newList(root *yaml.Node, key string, e Entry) [][]splice {
	indent := strings.Repeat(" ", root.Column-1)
	text := indent + key + ":" + p.newline + e.block(p.listIndent(root), 1, p.newline)
	var places [][]splice
	if !blank(p.line(p.last())) {
		places = append(places, p.after(p.last(), p.newline+text))
	}
	for line := p.last(); line >= lastLine(root) && len(places) < maxTries; line-- {
		places = append(places, p.after(line, text))
	}
	return places
}

// blockList adds an item behind the last one.
func (p *page) blockList(root, list *yaml.Node, e Entry) [][]splice {
	dash := ""
	for n := list.Line; n <= p.last(); n++ {
		if dash = strings.TrimLeft(p.line(n), " "); strings.HasPrefix(dash, "-") {
			dash = p.line(n)
			break
		}
	}
	indent := dash[:len(dash)-len(strings.TrimLeft(dash, " "))]
	gap := 1
	text := e.block(indent, gap, p.newline)
	if n := len(list.Content); n > 0 {
		first, last := list.Content[0], list.Content[n-1]
		behind := strings.TrimPrefix(dash[len(indent):], "-")
		if width := len(behind) - len(strings.TrimLeft(behind, " ")); first.Kind == yaml.MappingNode && width > 0 && width < len(behind) {
			gap = width
		}
		if text = e.block(indent, gap, p.newline); last.Kind == yaml.MappingNode && last.Style&yaml.FlowStyle != 0 {
			text = indent + "- " + e.flow() + p.newline
		}
	}
	return p.inList(lastLine(list), p.end(root, list), len(indent), text)
}

// emptied takes the place of an empty list, [], or of a null.
func (p *page) emptied(root, name, value *yaml.Node, e Entry) [][]splice {
	indent := p.listIndent(root)
	text := e.block(indent, 1, p.newline)
	at := p.offset(value)
	length := len(value.Value)
	if value.Kind == yaml.SequenceNode {
		rest := p.text[at:p.behind(value.Line)]
		end := bytes.IndexByte(rest, ']')
		if len(value.Content) > 0 || end < 0 || rest[0] != '[' || !blank(string(rest[1:end])) {
			return nil
		}
		length = end + 1
	}
	if length == 0 {
		return p.inList(name.Line, p.end(root, name), len(indent), text)
	}
	if blank(string(p.text[at+length : p.behind(value.Line)])) {
		for ; at > 0 && p.text[at-1] == ' '; at-- {
			length++
		}
	}
	var places [][]splice
	for _, place := range p.inList(value.Line, p.end(root, value), len(indent), text) {
		places = append(places, append([]splice{{at: at, remove: length}}, place...))
	}
	return places
}

// flowList adds an item before the bracket that closes the list.
func (p *page) flowList(list *yaml.Node, e Entry) [][]splice {
	from := p.offset(list)
	if n := len(list.Content); n > 0 {
		from = p.offset(list.Content[n-1])
	}
	var places [][]splice
	for len(places) < maxTries {
		next := bytes.IndexByte(p.text[min(from, len(p.text)):], ']')
		if next < 0 {
			break
		}
		closing := from + next
		from = closing + 1
		places = append(places, p.beforeBracket(closing, len(list.Content) > 0, e)...)
	}
	return places
}

// beforeBracket adds an item on a line of its own where the bracket has one, else on the
// line of the bracket. A comma is put where no comment can be.
func (p *page) beforeBracket(closing int, filled bool, e Entry) [][]splice {
	line := 1
	for line < len(p.starts) && p.starts[line] <= closing {
		line++
	}
	start := p.starts[line-1]
	before := string(p.text[start:closing])
	if !blank(before) || line == 1 {
		at := start + len(strings.TrimRight(before, " \t"))
		if !filled {
			return [][]splice{{{at: at, insert: e.flow()}}}
		}
		return [][]splice{{{at: at, insert: ", " + e.flow()}}, {{at: at, insert: " " + e.flow()}}}
	}
	previous := p.line(line - 1)
	indent := previous[:len(previous)-len(strings.TrimLeft(previous, " "))]
	if !filled {
		return [][]splice{{{at: start, insert: before + "  " + e.flow() + p.newline}}}
	}
	places := [][]splice{{{at: start, insert: indent + e.flow() + "," + p.newline}}}
	if !strings.Contains(previous, "#") {
		comma := p.starts[line-2] + len(strings.TrimRight(previous, " \t"))
		places = append(places, []splice{{at: comma, insert: ","}, {at: start, insert: indent + e.flow() + p.newline}})
	}
	return append(places, []splice{{at: start, insert: indent + ", " + e.flow() + p.newline}})
}

// inList inserts lines between two lines: behind the comments that are indented as the list
// is, and before the blank lines and comments that lead on to what follows.
func (p *page) inList(first, last, indent int, text string) [][]splice {
	best := last
	for best > first {
		line := p.line(best)
		bare := strings.TrimLeft(line, " \t")
		comment := strings.HasPrefix(bare, "#") && (indent == 0 || len(line)-len(bare) < indent)
		if !blank(line) && !comment && line != "..." {
			break
		}
		best--
	}
	places := [][]splice{p.after(best, text)}
	for line := last; line >= first && len(places) < maxTries; line-- {
		places = append(places, p.after(line, text))
	}
	return places
}

// after inserts lines behind a line.
func (p *page) after(line int, text string) []splice {
	at := p.behind(line)
	if line > 0 && at == len(p.text) && p.line(line) == string(p.text[p.starts[line-1]:]) && at > 0 {
		text = p.newline + text // the last line has no break
	}
	return []splice{{at: at, insert: text}}
}

// end is the last line before the next key of the mapping, or of the text.
func (p *page) end(root, of *yaml.Node) int {
	last := p.last()
	for i := 0; i < len(root.Content); i += 2 {
		if line := root.Content[i].Line; line > lastLine(of) {
			last = min(last, line-1)
		}
	}
	return last
}

// listIndent is how far lists are indented in this file: as its first one, else by two.
func (p *page) listIndent(root *yaml.Node) string {
	for i := 1; i < len(root.Content); i += 2 {
		list := root.Content[i]
		if list.Kind == yaml.SequenceNode && list.Style&yaml.FlowStyle == 0 && list.Line > root.Content[i-1].Line {
			return strings.Repeat(" ", list.Column-1)
		}
	}
	return strings.Repeat(" ", root.Column+1)
}

// lastLine is the last line on which a part of a node begins.
func lastLine(n *yaml.Node) int {
	last := n.Line
	for _, child := range n.Content {
		last = max(last, lastLine(child))
	}
	return last
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
