package entries

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// RefusedError says why an entry was not added: the file was left as it is.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string { return e.Reason }

func refuse(format string, args ...any) error {
	return &RefusedError{fmt.Sprintf(format, args...)}
}

const byteOrderMark = "\xef\xbb\xbf"

// maxTries bounds how many places for an entry are tried.
const maxTries = 64

// Add returns the text of a YAML document with an entry at the end of the list that a key of
// its mapping holds, and the line of the entry. A key that is not there, or has no value,
// gets a list. Everything else is kept, byte for byte. An entry that cannot be added in this
// way is a [RefusedError]. Whoever calls it bounds the size of the text.
func Add(text []byte, key string, e Entry) (out []byte, line int, err error) {
	old, err := parse(text)
	if err != nil {
		return nil, 0, err
	}
	if err := addable(old, key); err != nil {
		return nil, 0, err
	}
	p := newPage(text)
	places := p.places(old, key, e)
	for _, place := range places[:min(len(places), maxTries)] {
		out := p.apply(place)
		root, err := parse(out)
		if err != nil {
			continue
		}
		if added := check(old, root, key, e); added != nil {
			return out, added.Line, nil
		}
	}
	return nil, 0, refuse("the file is written in a way that an entry cannot be added to %s without changing something else", key)
}

// parse returns the mapping of the one document of a text.
func parse(text []byte) (*yaml.Node, error) {
	if !utf8.Valid(text) {
		return nil, refuse("the file is not UTF-8 text")
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, second yaml.Node
	if err := decoder.Decode(&document); err != nil || len(document.Content) == 0 {
		return nil, refuse("the file is not a YAML document")
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, refuse("the file holds more than one YAML document")
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, refuse("the file is not a mapping (key: value)")
	}
	return root, nil
}

// find returns the key and the value of a mapping; nil for none.
func find(root *yaml.Node, key string) (name, value *yaml.Node) {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Kind == yaml.ScalarNode && root.Content[i].Value == key {
			return root.Content[i], root.Content[i+1]
		}
	}
	return nil, nil
}

// addable says why nothing can be added to a list, whatever is tried.
func addable(root *yaml.Node, key string) error {
	times := 0
	for i := 0; i+1 < len(root.Content); i += 2 {
		name := root.Content[i]
		if name.Kind == yaml.AliasNode || name.ShortTag() == "!!merge" {
			return refuse("its mapping has an alias or a merge key among its keys")
		}
		if name.Value == key {
			times++
		}
	}
	if times > 1 {
		return refuse("it has the key %s %d times", key, times)
	}
	_, value := find(root, key)
	switch {
	case value == nil:
	case value.Kind == yaml.AliasNode:
		return refuse("the value of %s is an alias", key)
	case value.Kind != yaml.SequenceNode && value.ShortTag() != "!!null":
		return refuse("%s is not a list", key)
	case aliased(root, value):
		return refuse("the list of %s is used elsewhere, by an alias", key)
	}
	if aliased(root, root) {
		return refuse("the document is used in itself, by an alias")
	}
	return nil
}

// aliased reports whether an alias below root stands for a node.
func aliased(root, target *yaml.Node) bool {
	if root.Kind == yaml.AliasNode {
		return root.Alias == target
	}
	for _, n := range root.Content {
		if aliased(n, target) {
			return true
		}
	}
	return false
}

// check returns the new item where a document is the old one and the entry, at the end of
// the list of the key; else nil.
func check(old, root *yaml.Node, key string, e Entry) *yaml.Node {
	_, before := find(old, key)
	_, after := find(root, key)
	if after == nil || after.Kind != yaml.SequenceNode || len(after.Content) == 0 || after.Tag != "!!seq" {
		return nil
	}
	var items []*yaml.Node
	if before != nil {
		items = before.Content
		if before.Anchor != after.Anchor {
			return nil
		}
	}
	last := len(after.Content) - 1
	if !equal(items, after.Content[:last]) || !is(after.Content[last], e) {
		return nil
	}
	if old.Anchor != root.Anchor || old.Tag != root.Tag || !equal(without(old, key), without(root, key)) {
		return nil
	}
	return after.Content[last]
}

// without returns the keys and values of a mapping but for one.
func without(root *yaml.Node, key string) []*yaml.Node {
	var rest []*yaml.Node
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value != key || root.Content[i].Kind != yaml.ScalarNode {
			rest = append(rest, root.Content[i], root.Content[i+1])
		}
	}
	return rest
}

// equal reports whether nodes are the same, and written in the same style. Aliases are the
// same if their anchors have one name: what they stand for is compared where it is.
func equal(a, b []*yaml.Node) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		if x.Kind != y.Kind || x.Tag != y.Tag || x.Value != y.Value || x.Anchor != y.Anchor || x.Style != y.Style || !equal(x.Content, y.Content) {
			return false
		}
	}
	return true
}

// is reports whether a node is the entry.
func is(n *yaml.Node, e Entry) bool {
	if n.Kind != yaml.MappingNode || len(n.Content) != 2*len(e) {
		return false
	}
	for i, f := range e {
		key, value := n.Content[2*i], n.Content[2*i+1]
		if key.Value != f.Key || value.Kind != yaml.ScalarNode || value.Value != f.Value ||
			value.ShortTag() != "!!str" && value.ShortTag() != "!!timestamp" {
			return false
		}
	}
	return true
}
