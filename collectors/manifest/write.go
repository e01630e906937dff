package manifest

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	// maxText and maxRef bound a text and a ref of the schema, in characters, and maxItems
	// its lists.
	maxText  = 4096
	maxRef   = 1024
	maxItems = 1000
)

// sourceID is how the schema wants the id of a source.
var sourceID = regexp.MustCompile(`^[a-z][a-z0-9-]*/[^\s]+$`)

// Write returns the text of a manifest that declares what is live, and what it has to leave
// out, a line each, which may quote untrusted text. The same sources give the same text. What
// the sources do not know, the manifest does not say; compared with them, nothing differs.
func Write(sources []inventory.Source) (text []byte, left []string, err error) {
	sorted := slices.SortedFunc(slices.Values(sources), func(a, b inventory.Source) int { return cmp.Compare(a.ID, b.ID) })
	list := &yaml.Node{Kind: yaml.SequenceNode}
	until := time.Time{}
	for i := range sorted {
		s := &sorted[i]
		if s.CollectedAt.After(until) {
			until = s.CollectedAt
		}
		switch {
		case s.Kind == inventory.KindPlan:
			left = append(left, s.ID+" is a plan: nothing of it is live")
		case !sourceID.MatchString(s.ID) || utf8.RuneCountInString(s.ID) > maxRef:
			left = append(left, s.ID+" has an id that a manifest cannot have")
		default:
			n, missing := declareSource(s)
			list.Content = append(list.Content, n)
			left = append(left, missing...)
		}
	}
	if len(list.Content) == 0 {
		list.Style = yaml.FlowStyle
	}
	root := mapping("version", &yaml.Node{Kind: yaml.ScalarNode, Value: "1"}, "sources", list)
	root.HeadComment = "The tokens that should exist, as they were live at " + until.UTC().Format(time.RFC3339) + ".\n" +
		"`tokenaudit drift --manifest tokens.yaml inventory.json` compares them with what is live,\n" +
		"`tokenaudit evaluate --manifest tokens.yaml` judges them, and `tokenaudit schema manifest`\n" +
		"prints the JSON Schema. What is left out of a token is not compared."
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return nil, nil, fmt.Errorf("write the manifest: %w", err)
	}
	m, err := Read(bytes.NewReader(out.Bytes()), "the manifest")
	if err != nil {
		return nil, nil, fmt.Errorf("cannot declare what is live: %w", err)
	}
	if d := m.Compare(sorted); d.Drifted() {
		x := d.Differences[0]
		return nil, nil, fmt.Errorf("cannot declare what is live: the %s token %q of %s is %s", x.Kind, x.Name, x.Source, x.State)
	}
	return out.Bytes(), left, nil
}

// declareSource returns a source as the manifest has it, and the lists whose tokens it lacks.
func declareSource(s *inventory.Source) (n *yaml.Node, left []string) {
	n = mapping("id", word(s.ID))
	add(n, "name", text(s.Name))
	add(n, "kind", text(string(s.Kind)))
	if listed := func(u inventory.Unit) bool { return u.Name == "environments" && u.Status == inventory.UnitComplete }; slices.ContainsFunc(s.Units, listed) {
		ids := make([]string, len(s.Environments))
		for i, e := range s.Environments {
			ids[i] = e.ID
		}
		add(n, "environments", texts(ids))
	}
	tokens := &yaml.Node{Kind: yaml.SequenceNode}
	for _, t := range declared(s) {
		tokens.Content = append(tokens.Content, declareToken(t))
	}
	if len(tokens.Content) == 0 {
		tokens.Style = yaml.FlowStyle
	}
	add(n, "tokens", tokens)
	for _, u := range s.Units {
		if len(u.Kinds) > 0 && u.Status != inventory.UnitComplete {
			what := fmt.Sprintf("the list %s was not read completely (%s): tokens of it are missing here", u.Name, u.Error)
			left = append(left, s.ID+": "+what)
			// A quoted text has no line break that would end the comment.
			n.HeadComment += strings.Trim(strconv.Quote(what), `"`) + "\n"
		}
	}
	return n, left
}

// declared are the tokens of a source that a manifest declares: those that are live, but for
// the preview tokens that come with a delivery token. They are in the order of kind and name.
func declared(s *inventory.Source) []*inventory.Token {
	live := map[string]bool{} // those that a preview token may come with
	for i := range s.Tokens {
		if t := &s.Tokens[i]; t.Planned == "" && t.Kind != inventory.Preview {
			live[t.ID] = true
		}
	}
	var all []*inventory.Token
	for i := range s.Tokens {
		if t := &s.Tokens[i]; t.Planned == "" && (t.Kind != inventory.Preview || !live[t.Twin]) {
			all = append(all, t)
		}
	}
	kinds := inventory.AllKinds()
	slices.SortStableFunc(all, func(a, b *inventory.Token) int {
		return cmp.Or(cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Ref, b.Ref))
	})
	return all
}

// declareToken returns what a manifest says of a token, which is what is known of it.
func declareToken(t *inventory.Token) *yaml.Node {
	n := mapping()
	add(n, "name", text(t.Name))
	if utf8.RuneCountInString(t.Ref) <= maxRef {
		add(n, "ref", text(t.Ref))
	}
	add(n, "kind", text(string(t.Kind)))
	add(n, "description", text(t.Description))
	if len(t.APIs) > 0 {
		add(n, "apis", texts(asTexts(t.APIs)))
	}
	if t.Access.Level != inventory.LevelUnknown {
		access := mapping("level", word(string(t.Access.Level)))
		if t.Access.ManagesTokens != inventory.Unknown {
			add(access, "manages_tokens", text(string(t.Access.ManagesTokens)))
		}
		add(access, "grants", texts(t.Access.Grants))
		add(n, "access", inline(access))
	}
	add(n, "environments", declareScope(&t.Environments))
	add(n, "branches", declareScope(t.Branches))
	if t.Expiry.State != inventory.ExpiryUnknown {
		expiry := expiryText(t.Expiry)
		if _, ok := readExpiry(expiry); ok {
			add(n, "expiry", &yaml.Node{Kind: yaml.ScalarNode, Value: expiry})
		}
	}
	if t.Owner.Type != inventory.OwnerUnknown {
		owner := mapping("type", word(string(t.Owner.Type)))
		add(owner, "id", text(t.Owner.ID))
		add(owner, "name", text(t.Owner.Name))
		add(n, "owner", inline(owner))
	}
	if notifies := t.Traits.NotifiesBeforeExpiry; notifies != inventory.Unknown {
		if value := text(string(notifies)); value != nil {
			add(n, "traits", inline(mapping("notifies_before_expiry", value)))
		}
	}
	return n
}

// declareScope returns the ids of a scope, or all; nil where that is not known.
func declareScope(s *inventory.Scope) *yaml.Node {
	switch {
	case s == nil || s.State == inventory.ScopeUnknown:
		return nil
	case s.State == inventory.ScopeAll:
		return word("all")
	}
	ids := make([]string, len(s.Items))
	for i, item := range s.Items {
		ids[i] = item.ID
	}
	return texts(ids)
}

func asTexts[T ~string](list []T) []string {
	all := make([]string, len(list))
	for i, w := range list {
		all[i] = string(w)
	}
	return all
}

// mapping makes a mapping of keys and values.
func mapping(pairs ...any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i+1 < len(pairs); i += 2 {
		key, _ := pairs[i].(string)
		value, _ := pairs[i+1].(*yaml.Node)
		add(n, key, value)
	}
	return n
}

// add adds a key to a mapping, unless there is no value.
func add(n *yaml.Node, key string, value *yaml.Node) {
	if value != nil {
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, value)
	}
}

// inline puts a collection on one line.
func inline(n *yaml.Node) *yaml.Node {
	n.Style = yaml.FlowStyle
	return n
}

// text is a text that the schema allows; nil for another one.
func text(s string) *yaml.Node {
	if s == "" || utf8.RuneCountInString(s) > maxText {
		return nil
	}
	return word(s)
}

// texts is a list of texts on one line; nil where the schema does not allow it.
func texts(list []string) *yaml.Node {
	if len(list) == 0 || len(list) > maxItems {
		return nil
	}
	n := inline(&yaml.Node{Kind: yaml.SequenceNode})
	for _, s := range list {
		item := text(s)
		if item == nil {
			return nil
		}
		n.Content = append(n.Content, item)
	}
	return n
}

// plain is a text that is easy to read without quotes.
var plain = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 _./@-]*$`)

// word is a text, in quotes unless it is a plain one.
func word(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if !plain.MatchString(s) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}
