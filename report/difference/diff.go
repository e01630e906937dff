// Package difference compares what two inventories or reports knew of the tokens, and what
// was decided between two reports.
package difference

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/baseline"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// DiffSchema names the version of the JSON difference.
const DiffSchema = "tokenaudit/diff/v1"

// Difference is what changed between two snapshots. Slices are never nil, and
// sorted by ID.
type Difference struct {
	Schema string    `json:"schema"`
	Old    time.Time `json:"old"`
	New    time.Time `json:"new"`
	// SourcesAdded and SourcesRemoved are ids.
	SourcesAdded   []string `json:"sources_added"`
	SourcesRemoved []string `json:"sources_removed"`
	// SourcesUnknown are ids of sources that only one of the two has, while the
	// other could not see, or did not look at, all of their CMS.
	SourcesUnknown []string      `json:"sources_unknown"`
	Added          []TokenRef    `json:"added"`
	Removed        []TokenRef    `json:"removed"`
	Changed        []TokenChange `json:"changed"`
	// Unknown are tokens that only one of the two has, while the other could not
	// see: nobody knows whether they were added or removed.
	Unknown []UnknownChange `json:"unknown"`
	// FindingsNew and FindingsResolved are left out unless both are reports.
	FindingsNew      []*report.Finding `json:"findings_new,omitzero"`
	FindingsResolved []*report.Finding `json:"findings_resolved,omitzero"`
	// FindingsStale could not be checked again.
	FindingsStale []*report.Finding `json:"findings_stale,omitzero"`
	// Decisions is nil (and left out) unless both are reports.
	Decisions *Decisions `json:"decisions,omitzero"`
}

// TokenRef names a token.
type TokenRef struct {
	ID     string         `json:"id"`
	CMS    string         `json:"cms"`
	Source string         `json:"source"`
	Name   string         `json:"name"`
	Kind   inventory.Kind `json:"kind"`
	// Level is what it can do.
	Level inventory.Level `json:"level"`
}

// TokenChange is a token of which something changed.
type TokenChange struct {
	TokenRef
	Fields []FieldChange `json:"fields"`
}

// FieldChange is one field that changed. Old and New are text for people.
type FieldChange struct {
	// Field is its place in the common schema: "expiry.at".
	Field string `json:"field"`
	Old   string `json:"old"`
	New   string `json:"new"`
}

// UnknownChange is a token that only one snapshot has.
type UnknownChange struct {
	TokenRef
	// In is "old" or "new": the one that has it.
	In string `json:"in"`
}

// Between compares two snapshots. When a token was used last is left out, because
// it changes all the time; so are reasons, which are words.
func Between(before, after *Snapshot) *Difference {
	d := &Difference{
		Schema: DiffSchema, Old: before.At, New: after.At,
		SourcesAdded: []string{}, SourcesRemoved: []string{}, SourcesUnknown: []string{},
		Added: []TokenRef{}, Removed: []TokenRef{}, Changed: []TokenChange{}, Unknown: []UnknownChange{},
	}
	d.SourcesAdded, d.SourcesUnknown = missingFrom(before, after, d.SourcesAdded, d.SourcesUnknown)
	d.SourcesRemoved, d.SourcesUnknown = missingFrom(after, before, d.SourcesRemoved, d.SourcesUnknown)
	slices.Sort(d.SourcesUnknown)
	for _, id := range safetext.SortedKeys(after.tokens) {
		token := after.tokens[id]
		old, ok := before.tokens[id]
		switch {
		case ok:
			if fields := changes(old, token); len(fields) > 0 {
				d.Changed = append(d.Changed, TokenChange{refOf(token.Token), fields})
			}
		case before.couldSee(token.Token):
			d.Added = append(d.Added, refOf(token.Token))
		default:
			d.Unknown = append(d.Unknown, UnknownChange{refOf(token.Token), "new"})
		}
	}
	for _, id := range safetext.SortedKeys(before.tokens) {
		if _, ok := after.tokens[id]; ok {
			continue
		}
		token := before.tokens[id]
		if after.couldSee(token.Token) {
			d.Removed = append(d.Removed, refOf(token.Token))
		} else {
			d.Unknown = append(d.Unknown, UnknownChange{refOf(token.Token), "old"})
		}
	}
	d.compareFindings(before.Report, after.Report)
	return d
}

// missingFrom adds the ids of the sources of a that b does not have: to missing
// if b would have them were they there, else to unknown.
func missingFrom(b, a *Snapshot, missing, unknown []string) (stillMissing, stillUnknown []string) {
	for _, id := range safetext.SortedKeys(a.sources) {
		switch {
		case b.sources[id] != nil:
		case b.couldFind(a.sources[id].CMS):
			missing = append(missing, id)
		default:
			unknown = append(unknown, id)
		}
	}
	return missing, unknown
}

func refOf(t inventory.Token) TokenRef {
	return TokenRef{ID: t.ID, CMS: t.CMS, Source: t.Source, Name: t.Name, Kind: t.Kind, Level: t.Access.Level}
}

// compareFindings uses the rules of the baseline; nil is an inventory.
func (d *Difference) compareFindings(before, after *report.Report) {
	if before == nil || after == nil {
		return
	}
	compared := *after
	compared.Baseline, compared.Findings = nil, make([]*report.Finding, 0, len(after.Findings))
	for _, f := range after.Findings {
		compared.Findings = append(compared.Findings, new(*f))
	}
	// Incomplete reports may be compared here: what is stale is said.
	if err := baseline.Compare(&compared, before, true); err != nil {
		return
	}
	d.FindingsNew = []*report.Finding{}
	for _, f := range compared.Findings {
		if f.Baseline.IsNew() {
			d.FindingsNew = append(d.FindingsNew, f)
		}
	}
	d.FindingsResolved, d.FindingsStale = compared.Resolved, compared.Stale
	d.Decisions = decisionsBetween(before, after)
}

// Empty reports whether nothing changed and nothing is unknown.
func (d *Difference) Empty() bool {
	return len(d.SourcesAdded)+len(d.SourcesRemoved)+len(d.SourcesUnknown)+len(d.Added)+len(d.Removed)+len(d.Changed)+len(d.Unknown)+
		len(d.FindingsNew)+len(d.FindingsResolved)+len(d.FindingsStale) == 0 && d.Decisions.empty()
}

// changes returns the fields in which two states of a token differ.
func changes(old, token snapshotToken) []FieldChange {
	before, after := flatToken(old), flatToken(token)
	if old.status == "" || token.status == "" {
		delete(before, "status")
		delete(after, "status")
	}
	names := map[string]bool{}
	for name := range before {
		names[name] = true
	}
	for name := range after {
		names[name] = true
	}
	var fields []FieldChange
	for _, name := range safetext.SortedKeys(names) {
		if before[name] != after[name] {
			fields = append(fields, FieldChange{name, before[name], after[name]})
		}
	}
	return fields
}

// volatile are fields that change without anybody changing the token.
var volatile = []string{"last_used", "last_used_by_api", "updated_at", "origin", "owner.last_active"}

// flatToken returns the fields of a token by their dotted names.
func flatToken(t snapshotToken) map[string]string {
	flat := map[string]string{"status": string(t.status)}
	// A token is made of what JSON has: neither call can fail.
	document, _ := json.Marshal(t.Token)
	var value map[string]any
	_ = json.Unmarshal(document, &value)
	flatten(flat, "", value)
	return flat
}

func flatten(flat map[string]string, name string, value any) {
	if slices.Contains(volatile, name) || strings.HasSuffix(name, ".reason") {
		return
	}
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			inside := key
			if name != "" {
				inside = name + "." + key
			}
			flatten(flat, inside, inner)
		}
	case []any:
		texts := make([]string, len(value))
		for i, inner := range value {
			texts[i] = elementText(inner)
		}
		flat[name] = strings.Join(texts, ", ")
	case nil:
		flat[name] = ""
	default:
		flat[name] = fmt.Sprint(value)
	}
}

// elementText returns an element of a list: an environment is its id, with what
// it is an alias of, and whether it is there.
func elementText(value any) string {
	m, ok := value.(map[string]any)
	if !ok {
		return fmt.Sprint(value)
	}
	text := fmt.Sprint(m["id"])
	if alias, ok := m["alias_of"].(string); ok && alias != "" {
		text += " → " + alias
	}
	if m["exists"] == string(inventory.No) {
		text += " (gone)"
	}
	return text
}
