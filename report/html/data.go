package html

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// htmlData writes the rows of the tables as JSON inside a script element.
// encoding/json writes <, > and & as escapes, so no text can end the element.
type htmlData struct {
	w   io.Writer
	v   *format.View
	err error
	// rules, sources, fixes, owners and factors are numbered: their texts would be there a
	// thousand times.
	rules, sources, fixes, owners, factors numbering
}

// htmlSource is a source as the rows refer to it.
type htmlSource struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	CMS  string `json:"cms"`
	// Labels are pairs of key and value: as members of an object, a key could be
	// __proto__.
	Labels [][2]string `json:"labels,omitempty"`
}

func labelPairs(labels map[string]string) [][2]string {
	var pairs [][2]string
	for _, key := range safetext.SortedKeys(labels) {
		pairs = append(pairs, [2]string{htmlText(key), htmlText(labels[key])})
	}
	return pairs
}

// numbering numbers each text, in the order of first use.
type numbering struct {
	at   map[string]int
	list []string
}

func (n *numbering) of(text string) int {
	if n.at == nil {
		n.at = map[string]int{}
	}
	i, ok := n.at[text]
	if !ok {
		i = len(n.list)
		n.at[text], n.list = i, append(n.list, text)
	}
	return i
}

// writeHTMLData writes one row at a time. Findings are grouped as --group-by asks for,
// until the reader groups them otherwise.
func writeHTMLData(w io.Writer, v *format.View, groupBy string) error {
	d := &htmlData{w: safetext.NewJSONWriter(w), v: v}
	d.put(`{"compared":`)
	d.value(v.Compared)
	d.put(`,"group":`)
	d.value(htmlText(cmp.Or(groupBy, format.ByRule)))
	d.put(`,"findings":`)
	d.findings()
	if v.R.Tokens != nil {
		d.put(`,"tokens":`)
		d.tokens()
	}
	d.put(`,"rules":`)
	d.value(d.rules.list)
	d.put(`,"sources":`)
	sources := make([]htmlSource, 0, len(d.sources.list))
	for _, id := range d.sources.list {
		sources = append(sources, htmlSource{ID: htmlText(id), Name: htmlText(v.SourceName(id)), CMS: htmlText(d.cms(id)), Labels: labelPairs(v.Labels(id))})
	}
	d.value(sources)
	d.put(`,"fixes":`)
	d.value(d.fixes.list)
	d.put(`,"owners":`)
	owners := make([][]string, 0, len(d.owners.list))
	for _, pair := range d.owners.list {
		owners = append(owners, strings.Split(pair, "\x00"))
	}
	d.value(owners)
	d.put(`,"factors":`)
	d.value(d.factors.list)
	d.put("}")
	return d.err
}

func (d *htmlData) put(s string) {
	if d.err == nil {
		_, d.err = io.WriteString(d.w, s)
	}
}

func (d *htmlData) value(value any) {
	if d.err != nil {
		return
	}
	b, err := json.Marshal(value)
	if err != nil {
		d.err = err
		return
	}
	_, d.err = d.w.Write(b)
}

// cms looks in the findings for a source that is gone from the report.
func (d *htmlData) cms(source string) string {
	if cms := d.v.CMS(source); cms != "" {
		return cms
	}
	cms, _, _ := strings.Cut(source, "/")
	return cms
}

func (d *htmlData) findings() {
	separator := "[\n"
	list := func(findings []*report.Finding, status string) {
		for _, f := range findings {
			word := status
			if word == "" {
				word = string(f.Status)
			}
			d.put(separator)
			d.value(d.findingRow(f, word))
			separator = ",\n"
		}
	}
	list(d.v.R.Findings, "")
	list(d.v.R.Resolved, "resolved")
	list(d.v.R.Stale, "stale")
	if separator[0] == '[' {
		d.put("[")
	}
	d.put("]")
}

func (d *htmlData) findingRow(f *report.Finding, status string) []any {
	extra := ""
	if w := f.Waiver; w != nil {
		extra = fmt.Sprintf("waived until %s by %s for %s: %s", w.Expires, w.ApprovedBy, w.Owner, w.Reason)
	}
	if f.Resolution != "" {
		extra = f.Resolution.Text()
	}
	place := ""
	if f.Origin != nil && f.Address != "" {
		place = fmt.Sprintf("%s (%s)", f.Address, f.Origin)
	}
	return []any{
		min(report.SeverityRank(f.Severity), len(report.AllSeverities())-1), status, d.rules.of(htmlText(f.Rule)), d.sources.of(f.Source), htmlText(f.Token), htmlText(d.v.Name(f)), string(f.Kind),
		htmlText(f.Message), safetext.SafeURL(f.URL), d.fixes.of(htmlText(f.Remediation)), string(f.Baseline), htmlText(extra), htmlText(string(f.Evidence)), f.Fingerprint, htmlText(place), d.owner(f.Owner), htmlText(f.Team),
		riskCell(f.Risk), waiverKey(f), f.OpenDays, seenText(f), dueText(f), f.OverdueDays,
	}
}

// waiverKey returns the key that a waiver of a finding names. It is nil where the page has
// no waiver for it: nothing is left to waive, or the page does not have the rule, the
// subject and the key as they are, or they hold a *, which a waiver reads as a wildcard.
func waiverKey(f *report.Finding) *string {
	if f.Status != policies.Fail || f.Resolution != "" {
		return nil
	}
	for _, text := range []string{f.Rule, f.Subject(), f.Key} {
		if htmlText(text) != text {
			return nil
		}
	}
	if strings.Contains(f.Rule+f.Subject(), "*") {
		return nil
	}
	return &f.Key
}

// riskCell is what is certain, what is possible, and their bands; nil where the report
// does not have it.
func riskCell(s *risk.Score) []any {
	if s == nil {
		return nil
	}
	return []any{s.Min, s.Max, s.Band, s.MaxBand}
}

// factorNumbers returns the numbers of what the score of a token is made of, one text each.
func (d *htmlData) factorNumbers(r *risk.Risk) []int {
	numbers := []int{}
	if r != nil {
		for _, f := range r.Factors {
			numbers = append(numbers, d.factors.of(htmlText(fmt.Sprintf("%s: %s (%s)", f.Points(), f.Reason, f.Name))))
		}
	}
	return numbers
}

// owner returns the number of an owner: a pair of what columns and filters show, and of
// the reason why that is not known.
func (d *htmlData) owner(o *report.Owner) int {
	short, reason := format.OwnerText(o), ""
	if o != nil && o.Type == inventory.OwnerUnknown {
		short, reason = "unknown", o.Reason
	}
	return d.owners.of(htmlText(short) + "\x00" + htmlText(reason))
}

func (d *htmlData) tokens() {
	separator := "[\n"
	for i := range d.v.R.Tokens {
		d.put(separator)
		d.value(d.tokenRow(&d.v.R.Tokens[i]))
		separator = ",\n"
	}
	if separator[0] == '[' {
		d.put("[")
	}
	d.put("]")
}

func (d *htmlData) tokenRow(t *report.Token) []any {
	role := ""
	if t.Role != nil {
		role = htmlText(t.Role.Name)
	}
	created, age := ageCell(t)
	expiry, left := expiryCell(t)
	used, idle := idleCell(t)
	var score *risk.Score
	if t.Risk != nil {
		score = &t.Risk.Score
	}
	return []any{
		htmlText(t.ID), htmlText(t.Name), d.sources.of(t.Source), string(t.Kind), string(t.Access.Level), string(t.Status), environmentsCell(t), role,
		created, age, expiry, left, used, idle, d.owner(&report.Owner{Type: t.Owner.Type, ID: t.Owner.ID, Name: t.Owner.Name, State: t.Owner.State, Reason: t.Owner.Reason}),
		d.verdicts(t, policies.Fail), d.verdicts(t, policies.NotEvaluated), d.verdicts(t, policies.Waived),
		safetext.SafeURL(t.URL), htmlText(strings.Join(t.Access.Grants, ", ")), htmlText(t.Description), htmlText(t.Access.Reason), htmlText(t.Team),
		riskCell(score), d.factorNumbers(t.Risk), htmlText(t.Owner.Role),
	}
}

// verdicts returns the numbers of the rules with one status on a token.
func (d *htmlData) verdicts(t *report.Token, status policies.Status) []int {
	numbers := []int{}
	for _, rule := range safetext.SortedKeys(t.Verdicts) {
		if t.Verdicts[rule] == status {
			numbers = append(numbers, d.rules.of(htmlText(rule)))
		}
	}
	return numbers
}

// A cell is what it shows and what it is sorted by, nil for unknown.

func ageCell(t *report.Token) (string, *int) {
	if t.AgeDays == nil {
		return "unknown", nil
	}
	return safetext.Thousands(*t.AgeDays) + " d", t.AgeDays
}

func expiryCell(t *report.Token) (string, *int) {
	switch t.Expiry.State {
	case inventory.ExpiryNever:
		last := 1 << 30
		return "never", &last
	case inventory.ExpiryAt:
		return t.Expiry.At.Format("2006-01-02"), t.ExpiresInDays
	}
	return "unknown", nil
}

func idleCell(t *report.Token) (string, *int) {
	longest := 1 << 30
	switch t.LastUsed.State {
	case inventory.LastUsedNever:
		return "never", &longest
	case inventory.LastUsedNoneOnRecord:
		return "none on record", &longest
	case inventory.LastUsedAt, inventory.LastUsedBetween:
		if t.UnusedDays == nil {
			return "unknown", nil
		}
		least := t.UnusedDays.Min
		switch most := t.UnusedDays.Max; {
		case most == nil:
			return "over " + safetext.Thousands(least) + " d ago", &least
		case *most != least:
			return safetext.Thousands(least) + "–" + safetext.Thousands(*most) + " d ago", &least
		}
		return safetext.Thousands(least) + " d ago", &least
	}
	return "unknown", nil
}

// htmlEnvironments is the scope of a token; names are cut.
type htmlEnvironments struct {
	State  inventory.ScopeState `json:"state"`
	Names  []string             `json:"names"`
	More   int                  `json:"more"`
	Count  *int                 `json:"count"`
	Text   string               `json:"text"`
	Reason string               `json:"reason"`
}

func environmentsCell(t *report.Token) htmlEnvironments {
	const most = 12
	s := t.Environments
	e := htmlEnvironments{State: s.State, Names: []string{}, Reason: htmlText(s.Reason), Count: &s.Effective, Text: safetext.Thousands(s.Effective)}
	for _, item := range s.Items[:min(len(s.Items), most)] {
		name := item.ID
		if item.AliasOf != "" {
			name += " (alias of " + item.AliasOf + ")"
		}
		if item.Exists == inventory.No {
			name += " (gone)"
		}
		e.Names = append(e.Names, htmlText(name))
	}
	e.More = max(0, len(s.Items)-most)
	switch s.State {
	case inventory.ScopeAll:
		e.Text = allText(s)
	case inventory.ScopeUnknown:
		e.Text, e.Count = "unknown", nil
	}
	return e
}
