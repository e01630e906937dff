package policies

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
)

// What a rule may give back. The text of tokens is hostile, so what it makes
// long is cut; what only an author can make too much is an error of the rule.
const (
	maxMessage       = 4096 // bytes of a message or reason
	maxEvidenceText  = 1024 // bytes of a text in evidence
	maxEvidenceItems = 100  // items of a list or mapping in evidence
	maxEvidenceDepth = 4
	maxEvidence      = 2000 // values of one finding's evidence
	maxFindings      = 20   // findings of a rule about one token
	maxKey           = 512
)

// A finding is one element of a deny, unknown or allow set.
type finding struct {
	token, key, message string
	evidence            map[string]any
}

// An outcome is what a rule says of one source.
type outcome struct {
	// applies is nil where the rule has no such set.
	applies map[string]bool
	// The findings by token; by "" for a source.
	deny, unknown, allow map[string][]finding
}

// subjects says which ids the elements of output sets may name.
type subjects struct {
	rule *compiledRule
	// known finds the tokens of the source by id.
	known  map[string]int
	source string
}

func (s subjects) about() bool { return s.rule.Subject == SubjectToken }

func (s subjects) knows(token string) bool {
	_, ok := s.known[token]
	return ok
}

// readOutcome checks and reads the output sets of a rule.
func readOutcome(bindings map[string]*ast.Term, s subjects) (*outcome, error) {
	o := &outcome{}
	var err error
	if term, ok := bindings[setApplies]; ok {
		if o.applies, err = readApplies(term, s); err != nil {
			return nil, err
		}
	}
	if o.deny, err = readSet(bindings, setDeny, s); err != nil {
		return nil, err
	}
	if o.unknown, err = readSet(bindings, setUnknown, s); err != nil {
		return nil, err
	}
	if o.allow, err = readSet(bindings, setAllow, s); err != nil {
		return nil, err
	}
	return o, nil
}

func readApplies(term *ast.Term, s subjects) (map[string]bool, error) {
	set, ok := term.Value.(ast.Set)
	if !ok {
		return nil, errors.New("applies is not a set")
	}
	applies := make(map[string]bool, set.Len())
	for _, item := range set.Slice() {
		id, ok := item.Value.(ast.String)
		if !ok {
			return nil, errors.New("applies must hold ids")
		}
		if !s.knows(string(id)) && (s.about() || string(id) != s.source) {
			return nil, fmt.Errorf("applies names %q, which is not judged here", cut(string(id), maxKey))
		}
		applies[string(id)] = true
	}
	return applies, nil
}

// The keys of the elements of each set, and the one that says something.
var (
	setKeys = map[string][]string{
		setDeny:    {"token", "key", "message", "evidence"},
		setUnknown: {"token", "reason"},
		setAllow:   {"token", "message"},
	}
	setText = map[string]string{setDeny: "message", setUnknown: "reason", setAllow: "message"}
)

func readSet(bindings map[string]*ast.Term, name string, s subjects) (map[string][]finding, error) {
	term, ok := bindings[name]
	if !ok {
		return nil, nil
	}
	set, ok := term.Value.(ast.Set)
	if !ok {
		return nil, fmt.Errorf("%s is not a set", name)
	}
	if limit := maxFindings * (len(s.known) + 50); set.Len() > limit {
		return nil, fmt.Errorf("%s has %d elements; at most %d are read", name, set.Len(), limit)
	}
	found := map[string][]finding{}
	for _, item := range set.Slice() {
		f, err := readFinding(item, name, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		found[f.token] = append(found[f.token], f)
	}
	for token, list := range found {
		found[token] = tidy(list)
	}
	return found, nil
}

func readFinding(item *ast.Term, set string, s subjects) (finding, error) {
	object, ok := item.Value.(ast.Object)
	if !ok {
		return finding{}, fmt.Errorf("an element is a %s, not an object", ast.ValueName(item.Value))
	}
	var f finding
	err := object.Iter(func(key, value *ast.Term) error {
		name, _ := key.Value.(ast.String)
		if !slices.Contains(setKeys[set], string(name)) {
			return fmt.Errorf("unknown key %s; an element has %s", cut(key.String(), 100), strings.Join(setKeys[set], ", "))
		}
		if name == "evidence" {
			return f.readEvidence(value)
		}
		s, ok := value.Value.(ast.String)
		if !ok {
			return fmt.Errorf("%s is a %s, not a text", name, ast.ValueName(value.Value))
		}
		switch string(name) {
		case "token":
			f.token = string(s)
		case "key":
			f.key = string(s)
		default:
			f.message = cut(string(s), maxMessage)
		}
		return nil
	})
	if err != nil {
		return finding{}, err
	}
	err = f.check(set, s)
	return f, err
}

func (f *finding) check(set string, s subjects) error {
	switch {
	case f.message == "":
		return fmt.Errorf("an element has no %s", setText[set])
	case f.token == "" && s.about():
		return errors.New("an element names no token, though the subject of the rule is the token")
	case f.token != "" && !s.knows(f.token):
		return fmt.Errorf("an element names token %q, which is not judged here", cut(f.token, maxKey))
	}
	// A key made of a token's name may be long; what follows the cut would only be noise.
	f.key = cut(f.key, maxKey)
	return nil
}

func (f *finding) readEvidence(term *ast.Term) error {
	if _, ok := term.Value.(ast.Object); !ok {
		return fmt.Errorf("evidence is a %s, not an object", ast.ValueName(term.Value))
	}
	b := bounder{left: maxEvidence}
	bounded, err := b.bound(term.Value, 1)
	if err != nil {
		return err
	}
	f.evidence, _ = bounded.(map[string]any)
	return nil
}

// A bounder turns evidence into what a report can show, and cuts it to that. It
// works on what the rule made and not on its JSON, in which a part that stands in
// many places is written out in each.
type bounder struct{ left int }

func (b *bounder) bound(value ast.Value, depth int) (any, error) {
	if depth > maxEvidenceDepth {
		return nil, fmt.Errorf("evidence is nested more than %d deep", maxEvidenceDepth)
	}
	if b.left--; b.left < 0 {
		return nil, fmt.Errorf("evidence has more than %d values", maxEvidence)
	}
	switch v := value.(type) {
	case ast.String:
		return cut(string(v), maxEvidenceText), nil
	case *ast.Array:
		return b.list(v.Len(), v.Elem, depth)
	case ast.Set:
		items := v.Slice() // sorted
		return b.list(len(items), func(i int) *ast.Term { return items[i] }, depth)
	case ast.Object:
		return b.table(v, depth)
	}
	scalar, err := ast.JSON(value)
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	return plain(scalar), nil
}

func (b *bounder) list(n int, item func(int) *ast.Term, depth int) (any, error) {
	out := make([]any, 0, min(n, maxEvidenceItems)+1)
	for i := range min(n, maxEvidenceItems) {
		bounded, err := b.bound(item(i).Value, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, bounded)
	}
	if n > maxEvidenceItems {
		out = append(out, fmt.Sprintf("and %d more", n-maxEvidenceItems))
	}
	return out, nil
}

func (b *bounder) table(table ast.Object, depth int) (any, error) {
	if table.Len() > maxEvidenceItems {
		return nil, fmt.Errorf("evidence has more than %d keys", maxEvidenceItems)
	}
	out := make(map[string]any, table.Len())
	// In order, because two long keys may be cut to one.
	for _, key := range table.Keys() {
		var name string
		switch k := key.Value.(type) {
		case ast.String:
			name = string(k)
		case ast.Number, ast.Boolean, ast.Null:
			name = k.String()
		default:
			return nil, fmt.Errorf("a key of evidence is a %s, not a text", ast.ValueName(k))
		}
		bounded, err := b.bound(table.Get(key).Value, depth+1)
		if err != nil {
			return nil, err
		}
		out[cut(name, maxKey)] = bounded
	}
	return out, nil
}

// cut shortens a text to at most n bytes, at a rune, and marks the cut.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	end := n - len("…")
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// tidy sorts findings about one subject, and joins those with the same key: one
// subject and key is one finding, whatever a rule found wrong with it.
func tidy(list []finding) []finding {
	slices.SortFunc(list, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.message, b.message))
	})
	out := list[:0]
	for _, f := range list {
		if n := len(out); n > 0 && out[n-1].key == f.key {
			out[n-1].join(f)
			continue
		}
		out = append(out, f)
	}
	return out
}

func (f *finding) join(other finding) {
	if f.message != other.message {
		f.message = cut(f.message+"; "+other.message, maxMessage)
	}
	for key, value := range other.evidence {
		if f.evidence == nil {
			f.evidence = map[string]any{}
		}
		if _, taken := f.evidence[key]; !taken {
			f.evidence[key] = value
		}
	}
}
