package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// DriftSchema names the version of the drift document.
const DriftSchema = "tokenaudit/drift/v1"

// DriftState says how a token differs.
type DriftState string

// The states.
const (
	// Undeclared: the token is live, and nobody has declared it.
	Undeclared DriftState = "undeclared"
	// Absent: the token is declared, and is not live.
	Absent DriftState = "absent"
	// Differs: the token is live, and is not as declared.
	Differs DriftState = "differs"
	// Unread: whether the token is live could not be read.
	Unread DriftState = "unread"
)

// Drift is what a comparison of a manifest with an inventory comes to.
type Drift struct {
	// Schema is always DriftSchema.
	Schema string `json:"schema"`
	// Same counts the tokens that are as declared.
	Same int `json:"same"`
	// Differences are sorted by source, state, kind and name. Never nil.
	Differences []Difference `json:"differences"`
	// Unread are the declared sources that could not be compared whole. Never nil.
	Unread []UnreadSource `json:"unread"`
	// Undeclared are the sources of the inventory that the manifest does not have,
	// and that were not compared. Never nil.
	Undeclared []string `json:"undeclared_sources"`
}

// Difference is one token that is not as declared.
type Difference struct {
	State  DriftState `json:"state"`
	Source string     `json:"source"`
	// Token is the live token's id; empty where there is none.
	Token string         `json:"token,omitempty"`
	Kind  inventory.Kind `json:"kind"`
	// Name is untrusted text.
	Name   string  `json:"name"`
	Fields []Field `json:"fields,omitempty"`
	// Detail says why for Unread.
	Detail string `json:"detail,omitempty"`
	// URL opens the live token in its CMS; may be empty.
	URL string `json:"url,omitempty"`
	// Origin is the line that declares the token; nil for an undeclared one.
	Origin *inventory.Origin `json:"origin,omitempty"`
}

// Field is one fact that is not as declared. What the inventory does not know
// is not a difference.
type Field struct {
	Name     string `json:"name"`
	Declared string `json:"declared"`
	Live     string `json:"live"`
}

// UnreadSource is a declared source, or a list of it, that was not read.
type UnreadSource struct {
	Source string `json:"source"`
	Detail string `json:"detail"`
}

// Drifted reports whether anything is not as declared.
func (d Drift) Drifted() bool {
	return slices.ContainsFunc(d.Differences, func(x Difference) bool { return x.State != Unread })
}

// Incomplete reports whether something could not be compared.
func (d Drift) Incomplete() bool {
	return len(d.Unread) > 0 || slices.ContainsFunc(d.Differences, func(x Difference) bool { return x.State == Unread })
}

// Compare compares the manifest with live sources.
func (m *Manifest) Compare(live []inventory.Source) Drift {
	d := Drift{Schema: DriftSchema, Differences: []Difference{}, Unread: []UnreadSource{}, Undeclared: []string{}}
	index := map[string]*inventory.Source{}
	for i := range live {
		index[live[i].ID] = &live[i]
	}
	for _, s := range m.Sources {
		source := index[s.ID]
		delete(index, s.ID)
		if source == nil {
			d.Unread = append(d.Unread, UnreadSource{s.ID, "the inventory does not have this source"})
			continue
		}
		m.compare(&d, s, source)
	}
	for id := range index {
		d.Undeclared = append(d.Undeclared, id)
	}
	slices.Sort(d.Undeclared)
	slices.SortFunc(d.Unread, func(a, b UnreadSource) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Detail, b.Detail))
	})
	slices.SortFunc(d.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.State, b.State), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.Token, b.Token))
	})
	return d
}

// compare compares one source.
func (m *Manifest) compare(d *Drift, s Source, live *inventory.Source) {
	for _, u := range live.Units {
		if u.Status != inventory.UnitComplete {
			d.Unread = append(d.Unread, UnreadSource{s.ID, fmt.Sprintf("the list %s was not read completely: %s", u.Name, cmp.Or(u.Detail, string(u.Error)))})
		}
	}
	declared := pair(s, live)
	matched := map[string]bool{}
	for i, t := range s.Tokens {
		origin := &inventory.Origin{File: m.File, Line: t.Line}
		there := declared[i]
		if there == nil {
			x := Difference{State: Absent, Source: s.ID, Kind: t.Kind, Name: t.Name, Origin: origin}
			if reason := unread(live, t.Kind); reason != "" {
				x.State, x.Detail = Unread, reason
			}
			d.Differences = append(d.Differences, x)
			continue
		}
		matched[there.ID] = true
		if fields := differing(t, there, live); len(fields) > 0 {
			d.Differences = append(d.Differences, Difference{State: Differs, Source: s.ID, Token: there.ID, Kind: t.Kind, Name: t.Name,
				Fields: fields, URL: there.URL, Origin: origin})
			continue
		}
		d.Same++
	}
	for i := range live.Tokens {
		t := &live.Tokens[i]
		// The preview token that comes with a declared delivery token is declared with it,
		// and what a plan will make is not live.
		if matched[t.ID] || t.Twin != "" && matched[t.Twin] || t.Planned != "" {
			continue
		}
		d.Differences = append(d.Differences, Difference{State: Undeclared, Source: s.ID, Token: t.ID, Kind: t.Kind, Name: t.Name, URL: t.URL})
	}
}

// pair finds the live token of each declared one: by its ref, else by kind and
// name, the first by id of several. No live token is found twice.
func pair(s Source, live *inventory.Source) []*inventory.Token {
	pairs := make([]*inventory.Token, len(s.Tokens))
	byRef, byName := map[string][]*inventory.Token{}, map[[2]string][]*inventory.Token{}
	for i := range live.Tokens {
		t := &live.Tokens[i]
		if t.Planned != "" {
			continue
		}
		byRef[t.Ref] = append(byRef[t.Ref], t)
		key := [2]string{string(t.Kind), t.Name}
		byName[key] = append(byName[key], t)
	}
	taken := map[string]bool{}
	first := func(list []*inventory.Token, kind inventory.Kind) *inventory.Token {
		for _, t := range list {
			if !taken[t.ID] && t.Kind == kind {
				taken[t.ID] = true
				return t
			}
		}
		return nil
	}
	for i, t := range s.Tokens {
		if t.Ref != "" {
			pairs[i] = first(byRef[t.Ref], t.Kind)
		}
	}
	for i, t := range s.Tokens {
		if t.Ref == "" {
			pairs[i] = first(byName[[2]string{string(t.Kind), t.Name}], t.Kind)
		}
	}
	return pairs
}

// unread says why a token of a kind may be live although the inventory does not
// have it.
func unread(s *inventory.Source, kind inventory.Kind) string {
	for _, u := range s.Units {
		if u.Status != inventory.UnitComplete && slices.Contains(u.Kinds, kind) {
			return fmt.Sprintf("the list %s was not read completely", u.Name)
		}
	}
	return ""
}

// differing compares what the manifest says with what the inventory knows.
func differing(t Token, live *inventory.Token, source *inventory.Source) []Field {
	var found fields
	if t.Name != "" {
		found.compare("name", t.Name, live.Name)
	}
	if t.Description != nil && (live.Description != "" || source.Facts[inventory.FactDescription].Reported == inventory.SupportYes) {
		found.compare("description", *t.Description, live.Description)
	}
	if t.APIs != nil {
		found.compare("apis", words(inventory.SortAPIs(t.APIs)), words(live.APIs))
	}
	if t.Access != nil {
		found.access(*t.Access, live.Access)
	}
	if t.Environments.Given && live.Environments.State != inventory.ScopeUnknown {
		found.compare("environments", t.Environments.text(), liveScope(live.Environments, t.Environments))
	}
	if t.Branches.Given && live.Branches != nil && live.Branches.State != inventory.ScopeUnknown {
		found.compare("branches", t.Branches.text(), liveScope(*live.Branches, t.Branches))
	}
	if t.Expiry != "" && live.Expiry.State != inventory.ExpiryUnknown {
		found.compare("expiry", expiryText(t.expiry), expiryText(live.Expiry))
	}
	if t.Owner != nil && live.Owner.Type != inventory.OwnerUnknown {
		found.owner(*t.Owner, live.Owner)
	}
	if n := t.Traits.NotifiesBeforeExpiry; n != "" && live.Traits.NotifiesBeforeExpiry != inventory.Unknown {
		found.compare("traits.notifies_before_expiry", string(n), string(live.Traits.NotifiesBeforeExpiry))
	}
	return found
}

// fields collects those in which a token differs.
type fields []Field

func (f *fields) compare(name, declared, is string) {
	if declared != is {
		*f = append(*f, Field{name, declared, is})
	}
}

func (f *fields) access(declared Access, live inventory.Access) {
	if live.Level != inventory.LevelUnknown {
		f.compare("access.level", string(declared.Level), string(live.Level))
	}
	if declared.ManagesTokens != "" && live.ManagesTokens != inventory.Unknown {
		f.compare("access.manages_tokens", string(declared.ManagesTokens), string(live.ManagesTokens))
	}
	if declared.Grants != nil {
		f.compare("access.grants", words(slices.Sorted(slices.Values(declared.Grants))), words(live.Grants))
	}
}

func (f *fields) owner(declared Owner, live inventory.Owner) {
	f.compare("owner.type", string(declared.Type), string(live.Type))
	if declared.ID != "" {
		f.compare("owner.id", declared.ID, live.ID)
	}
	if declared.Name != "" && live.Name != "" {
		f.compare("owner.name", declared.Name, live.Name)
	}
}

func words[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, w := range list {
		texts[i] = string(w)
	}
	return strings.Join(texts, ", ")
}

func (s Scope) text() string {
	if s.All {
		return "all"
	}
	ids := slices.Clone(s.IDs)
	slices.Sort(ids)
	return words(slices.Compact(ids))
}

// liveScope returns a live scope in the words of the declared one: people know an
// environment by its id or by its name.
func liveScope(s inventory.Scope, declared Scope) string {
	if s.State == inventory.ScopeAll {
		return "all"
	}
	var called []string
	for _, item := range s.Items {
		word := item.ID
		if item.Name != "" && !slices.Contains(declared.IDs, item.ID) && slices.Contains(declared.IDs, item.Name) {
			word = item.Name
		}
		called = append(called, word)
	}
	slices.Sort(called)
	return words(called)
}

func expiryText(e inventory.Expiry) string {
	switch {
	case e.State == inventory.ExpiryNever && e.At.IsZero():
		return "never"
	case e.Precision == inventory.PrecisionDay:
		return e.At.UTC().Format(time.DateOnly)
	}
	return e.At.UTC().Format(time.RFC3339)
}
