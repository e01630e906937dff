package code

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/strictjson"
)

// parseJSON reads a file in the JSON syntax. problem says what was not read; empty
// if nothing. The parser of HCL is not used: it has another idea of where a string
// ends than JSON, so that no other one could bound its depth.
func parseJSON(text []byte, path string) (blocks []block, problem string) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	lines := lineCounter{text: text, line: 1}
	if at := strictjson.TooDeep(text, maxDepth); at >= 0 {
		return nil, fmt.Sprintf("line %d: is nested more than %d levels deep", lines.at(at), maxDepth)
	}
	if !json.Valid(text) {
		return nil, "cannot be parsed: it is not JSON"
	}
	t := jsonTree{decoder: json.NewDecoder(bytes.NewReader(text)), lines: lines}
	t.decoder.UseNumber()
	root, _ := t.value() // it is valid
	for _, m := range root.all() {
		blocks = append(blocks, m.blocks(m.name, nil, labelsOf(m.name), path)...)
	}
	return blocks, ""
}

// labelsOf is how many labels a kind of block has.
func labelsOf(kind string) int {
	switch kind {
	case "resource", "data", "ephemeral":
		return 2
	case "locals", "terraform", "moved", "removed", "import":
		return 0
	}
	return 1
}

// jsonNode is a value with its line.
type jsonNode struct {
	// name and nameLine are those of the member of an object that it is the value of.
	name     string
	nameLine int
	line     int
	// text is that of a string.
	text   string
	isText bool
	// inner are the members of an object, or the elements of an array.
	inner   []jsonNode
	isArray bool
}

// all are the members of an object, or of each object of an array: the JSON syntax
// takes both for one or several blocks.
func (n jsonNode) all() []jsonNode {
	if !n.isArray {
		return n.inner
	}
	var found []jsonNode
	for _, element := range n.inner {
		found = append(found, element.all()...)
	}
	return found
}

// blocks are the blocks that a member stands for, so many labels above their bodies.
func (n jsonNode) blocks(kind string, labels []string, more int, path string) []block {
	if more > 0 {
		var found []block
		for _, m := range n.all() {
			found = append(found, m.blocks(kind, append(slices.Clone(labels), m.name), more-1, path)...)
		}
		return found
	}
	bodies := []jsonNode{n}
	if n.isArray {
		bodies = n.inner
	}
	var found []block
	for _, body := range bodies {
		b := block{kind: kind, labels: labels, file: path, line: n.nameLine}
		for _, m := range body.all() {
			b.arguments = append(b.arguments, argument{name: m.name, line: m.nameLine, constant: m.text, texts: m.texts(nil)})
		}
		found = append(found, b)
	}
	return found
}

// texts adds all strings in a value.
func (n jsonNode) texts(found []written) []written {
	if n.isText {
		found = append(found, written{n.text, n.line})
	}
	for _, inner := range n.inner {
		found = inner.texts(found)
	}
	return found
}

// jsonTree reads a value with its lines.
type jsonTree struct {
	decoder *json.Decoder
	lines   lineCounter
}

func (t *jsonTree) value() (jsonNode, error) {
	token, err := t.decoder.Token()
	if err != nil {
		return jsonNode{}, err
	}
	// A token has no line break in it, so that it ends on the line that it begins on.
	n := jsonNode{line: t.lines.at(int(t.decoder.InputOffset()))}
	switch token := token.(type) {
	case string:
		n.text, n.isText = token, true
	case json.Delim:
		n.isArray = token == '['
		for t.decoder.More() {
			var name jsonNode
			if !n.isArray {
				if name, err = t.value(); err != nil {
					return n, err
				}
			}
			inner, err := t.value()
			if err != nil {
				return n, err
			}
			if !n.isArray {
				inner.name, inner.nameLine = name.text, name.line
			}
			n.inner = append(n.inner, inner)
		}
		_, err = t.decoder.Token()
	}
	return n, err
}

// lineCounter counts the lines of a text, of which it is asked from the beginning to
// the end.
type lineCounter struct {
	text []byte
	seen int
	line int
}

// at returns the line of a byte, from 1.
func (l *lineCounter) at(offset int) int {
	l.line += bytes.Count(l.text[l.seen:offset], []byte("\n"))
	l.seen = offset
	return l.line
}
