// Package output reads what a rule says of one source: its output sets. The text of
// tokens is hostile, so what it makes long is cut; what only an author can make too much is
// an error of the rule.
package output

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
)

// The names of the output sets.
const (
	Applies = "applies"
	Deny    = "deny"
	Unknown = "unknown"
	Allow   = "allow"
)

// Sets returns the names of all output sets.
func Sets() []string { return []string{Applies, Deny, Unknown, Allow} }

// What a rule may return.
const (
	MaxMessage       = 4096 // bytes of a message or reason
	MaxEvidenceText  = 1024 // bytes of a text in evidence
	MaxEvidenceItems = 100  // items of a list or mapping in evidence
	maxEvidenceDepth = 4
	maxEvidence      = 2000 // values of one finding's evidence
	maxFindings      = 20   // findings of a rule about one token
	MaxKey           = 512  // bytes of a key
)

// Finding is one element of a deny, unknown or allow set.
type Finding struct {
	// Token is empty for a finding about the source.
	Token string
	// Key tells several findings about one subject apart; usually empty.
	Key string
	// Message is the message, or the reason of an element of unknown.
	Message string
	// Evidence is nil for none.
	Evidence map[string]any
}

// Output is what a rule says of one source.
type Output struct {
	// Applies is nil where the rule has no such set.
	Applies map[string]bool
	// Deny, Unknown and Allow have the findings by token; by "" for the source.
	Deny, Unknown, Allow map[string][]Finding
}

// Subjects says which ids the elements of output sets may name.
type Subjects struct {
	// Tokens has the tokens of the source by id.
	Tokens map[string]int
	// Source is the id of the source.
	Source string
	// OfTokens: the rule judges tokens, so each element names one.
	OfTokens bool
}

func (s Subjects) knows(token string) bool {
	_, ok := s.Tokens[token]
	return ok
}

// Read checks and reads the output sets of a rule, by name.
func Read(bindings map[string]*ast.Term, s Subjects) (*Output, error) {
	o := &Output{}
	var err error
	if term, ok := bindings[Applies]; ok {
		if o.Applies, err = readApplies(term, s); err != nil {
			return nil, err
		}
	}
	if o.Deny, err = readSet(bindings, Deny, s); err != nil {
		return nil, err
	}
	if o.Unknown, err = readSet(bindings, Unknown, s); err != nil {
		return nil, err
	}
	if o.Allow, err = readSet(bindings, Allow, s); err != nil {
		return nil, err
	}
	return o, nil
}

func readApplies(term *ast.Term, s Subjects) (map[string]bool, error) {
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
		if !s.knows(string(id)) && (s.OfTokens || string(id) != s.Source) {
			return nil, fmt.Errorf("applies names %q, which is not judged here", Cut(string(id), MaxKey))
		}
		applies[string(id)] = true
	}
	return applies, nil
}

// The keys of the elements of each set, and the one that says something.
var (
	setKeys = map[string][]string{
		Deny:    {"token", "key", "message", "evidence"},
		Unknown: {"token", "reason"},
		Allow:   {"token", "message"},
	}
	setText = map[string]string{Deny: "message", Unknown: "reason", Allow: "message"}
)

func readSet(bindings map[string]*ast.Term, name string, s Subjects) (map[string][]Finding, error) {
	term, ok := bindings[name]
	if !ok {
		return nil, nil
	}
	set, ok := term.Value.(ast.Set)
	if !ok {
		return nil, fmt.Errorf("%s is not a set", name)
	}
	if limit := maxFindings * (len(s.Tokens) + 50); set.Len() > limit {
		return nil, fmt.Errorf("%s has %d elements; at most %d are read", name, set.Len(), limit)
	}
	found := map[string][]Finding{}
	for _, item := range set.Slice() {
		f, err := readFinding(item, name, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		found[f.Token] = append(found[f.Token], f)
	}
	for token, list := range found {
		found[token] = tidy(list)
	}
	return found, nil
}

func readFinding(item *ast.Term, set string, s Subjects) (Finding, error) {
	object, ok := item.Value.(ast.Object)
	if !ok {
		return Finding{}, fmt.Errorf("an element is a %s, not an object", ast.ValueName(item.Value))
	}
	var f Finding
	err := object.Iter(func(key, value *ast.Term) error {
		name, _ := key.Value.(ast.String)
		if !slices.Contains(setKeys[set], string(name)) {
			return fmt.Errorf("unknown key %s; an element has %s", Cut(key.String(), 100), strings.Join(setKeys[set], ", "))
		}
		if name == "evidence" {
			return f.readEvidence(value)
		}
		s, ok := value.Value.(ast.String)
		if !ok {
			return fmt.Errorf("%s is a %s, not a string", name, ast.ValueName(value.Value))
		}
		switch string(name) {
		case "token":
			f.Token = string(s)
		case "key":
			f.Key = string(s)
		default:
			f.Message = Cut(string(s), MaxMessage)
		}
		return nil
	})
	if err != nil {
		return Finding{}, err
	}
	err = f.check(set, s)
	return f, err
}

func (f *Finding) check(set string, s Subjects) error {
	switch {
	case f.Message == "":
		return fmt.Errorf("an element has no %s", setText[set])
	case f.Token == "" && s.OfTokens:
		return errors.New("an element names no token, although the subject of the rule is the token")
	case f.Token != "" && !s.knows(f.Token):
		return fmt.Errorf("an element names token %q, which is not judged here", Cut(f.Token, MaxKey))
	}
	// A key made of a token's name may be long; what follows the cut would only be noise.
	f.Key = Cut(f.Key, MaxKey)
	return nil
}

func (f *Finding) readEvidence(term *ast.Term) error {
	if _, ok := term.Value.(ast.Object); !ok {
		return fmt.Errorf("evidence is a %s, not an object", ast.ValueName(term.Value))
	}
	b := bounder{left: maxEvidence}
	bounded, err := b.bound(term.Value, 1)
	if err != nil {
		return err
	}
	f.Evidence, _ = bounded.(map[string]any)
	return nil
}

// A bounder turns evidence into what a report can show, and cuts it to that. It
// works on what the rule made and not on its JSON, in which a part that stands in
// many places is written out in each.
type bounder struct{ left int }

func (b *bounder) bound(value ast.Value, depth int) (any, error) {
	if depth > maxEvidenceDepth {
		return nil, fmt.Errorf("evidence is nested more than %d levels deep", maxEvidenceDepth)
	}
	if b.left--; b.left < 0 {
		return nil, fmt.Errorf("evidence has more than %d values", maxEvidence)
	}
	switch v := value.(type) {
	case ast.String:
		return Cut(string(v), MaxEvidenceText), nil
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
	return Plain(scalar), nil
}

func (b *bounder) list(n int, item func(int) *ast.Term, depth int) (any, error) {
	out := make([]any, 0, min(n, MaxEvidenceItems)+1)
	for i := range min(n, MaxEvidenceItems) {
		bounded, err := b.bound(item(i).Value, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, bounded)
	}
	if n > MaxEvidenceItems {
		out = append(out, fmt.Sprintf("and %d more", n-MaxEvidenceItems))
	}
	return out, nil
}

func (b *bounder) table(table ast.Object, depth int) (any, error) {
	if table.Len() > MaxEvidenceItems {
		return nil, fmt.Errorf("evidence has more than %d keys", MaxEvidenceItems)
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
			return nil, fmt.Errorf("a key of evidence is a %s, not a string", ast.ValueName(k))
		}
		bounded, err := b.bound(table.Get(key).Value, depth+1)
		if err != nil {
			return nil, err
		}
		out[Cut(name, MaxKey)] = bounded
	}
	return out, nil
}

// OneLine returns a text with each run of white space made one blank.
func OneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// Cut shortens a text to at most n bytes, at a rune, and marks the cut.
func Cut(s string, n int) string {
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
func tidy(list []Finding) []Finding {
	slices.SortFunc(list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Message, b.Message))
	})
	out := list[:0]
	for _, f := range list {
		if n := len(out); n > 0 && out[n-1].Key == f.Key {
			out[n-1].join(f)
			continue
		}
		out = append(out, f)
	}
	return out
}

func (f *Finding) join(other Finding) {
	if f.Message != other.Message {
		f.Message = Cut(f.Message+"; "+other.Message, MaxMessage)
	}
	for key, value := range other.Evidence {
		if f.Evidence == nil {
			f.Evidence = map[string]any{}
		}
		if _, taken := f.Evidence[key]; !taken {
			f.Evidence[key] = value
		}
	}
}

// Joined takes all findings of a rule about the source for findings about it,
// whichever token they point to.
func (o *Output) Joined() *Output {
	join := func(m map[string][]Finding) map[string][]Finding {
		if len(m) == 0 {
			return nil
		}
		var all []Finding
		for _, token := range slices.Sorted(maps.Keys(m)) {
			all = append(all, m[token]...)
		}
		return map[string][]Finding{"": all}
	}
	return &Output{Deny: join(o.Deny), Unknown: join(o.Unknown), Allow: join(o.Allow)}
}

// Add adds to the evidence.
func (f *Finding) Add(key string, value any) {
	if f.Evidence == nil {
		f.Evidence = map[string]any{}
	}
	f.Evidence[key] = value
}

// Plain turns what YAML and JSON decoders give into string, bool, int, float64,
// []any and nil.
func Plain(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return int(n)
		}
		f, _ := v.Float64()
		return f
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int(v)
		}
		return v
	case int64:
		return int(v)
	case uint64:
		return int(v)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = Plain(item)
		}
		return list
	}
	return value
}
