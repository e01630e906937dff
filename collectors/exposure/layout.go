package exposure

import (
	"bytes"
	"encoding/json"

	"github.com/tokenaudit/tokenaudit/collectors/strictjson"
)

// A Layout says where in the JSON of an answer the secrets of tokens are. A path is the
// names of members; an array on the way is every element of it.
type Layout struct {
	// Tokens leads to the objects of the tokens.
	Tokens []string
	// Ref leads from there to the CMS's own id.
	Ref []string
	// Secrets are the members that hold a secret.
	Secrets []Place
}

// A Place is a member that holds a secret.
type Place struct {
	// Path leads there from the object of the token.
	Path []string
	// Token returns the id of the token whose secret it is, made of the CMS's own.
	Token func(ref string) string
}

// Read hashes the secrets of an answer, which is valid JSON. It keeps nothing of body.
func (s *Secrets) Read(body []byte, layouts []Layout) {
	if s == nil {
		return
	}
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	for _, l := range layouts {
		follow(body, l.Tokens, func(token []byte) {
			ref := ""
			follow(token, l.Ref, func(value []byte) { ref = refOf(value) })
			if ref == "" {
				return
			}
			for _, place := range l.Secrets {
				follow(token, place.Path, func(value []byte) {
					withText(value, func(secret []byte) { s.Add(place.Token(ref), secret) })
				})
			}
		})
	}
}

// follow calls visit for each value that a path leads to.
func follow(value []byte, path []string, visit func([]byte)) {
	switch {
	case len(value) > 0 && value[0] == '[':
		for element := range strictjson.Elements(value) {
			follow(element, path, visit)
		}
	case len(path) == 0:
		visit(value)
	case len(value) > 0 && value[0] == '{':
		for member := range strictjson.Elements(value) {
			end := strictjson.EndOfString(member, 0)
			if string(member[1:end-1]) == path[0] {
				_, rest, _ := bytes.Cut(member[end:], []byte{':'})
				follow(bytes.TrimSpace(rest), path[1:], visit)
			}
		}
	}
}

// refOf returns an id that is a string or a number; empty for anything else.
func refOf(value []byte) string {
	var text string
	var number json.Number
	switch {
	case json.Unmarshal(value, &text) == nil:
		return text
	case json.Unmarshal(value, &number) == nil:
		return string(value)
	}
	return ""
}

// withText calls use with the text of a JSON string; for other values it does nothing.
// Without escapes, which no secret of a CMS needs, that is no copy.
func withText(value []byte, use func([]byte)) {
	if len(value) < 2 || value[0] != '"' {
		return
	}
	if bytes.IndexByte(value, '\\') < 0 {
		use(value[1 : len(value)-1])
		return
	}
	var text string
	if json.Unmarshal(value, &text) == nil {
		use([]byte(text))
	}
}
