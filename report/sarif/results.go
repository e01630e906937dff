package sarif

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// results returns the results of one CMS, worst first, within the limit.
func (s *sarif) results(cms string, notes *notes) []sarifResult {
	results := []sarifResult{}
	waived, cut, cutTexts := 0, 0, 0
	for _, m := range s.merged(cms) {
		if m.first.WaivedAt(s.r.At) && !s.o.Suppressed {
			waived += len(m.all)
			continue
		}
		if len(results) == s.limit {
			cut += len(m.all)
			continue
		}
		result, short := s.result(m)
		if short {
			cutTexts++
		}
		results = append(results, result)
	}
	if waived > 0 {
		notes.add(noteWaived, "note", "", safetext.Plural(waived, "waived finding is", "waived findings are")+" left out, because code scanning would show them as open")
	}
	if cut > 0 {
		notes.add(noteCut, "warning", "", fmt.Sprintf("%s left out: the platforms take %s results a run and 10 MB a file. Those kept are the most severe",
			safetext.Plural(cut, "finding is", "findings are"), safetext.Thousands(s.limit)))
	}
	if cutTexts > 0 {
		notes.add(noteCut, "note", "", fmt.Sprintf("%s cut to %s characters", safetext.Plural(cutTexts, "message is", "messages are"), safetext.Thousands(sarifMaxText)))
	}
	if s.o.Hidden > 0 {
		notes.add(noteCut, "warning", "", fmt.Sprintf("%s below %s left out as requested, in all runs together; code scanning treats missing results as fixed",
			safetext.Plural(s.o.Hidden, "finding", "findings"), s.o.MinSeverity))
	}
	return results
}

// mergedFinding is what becomes one result: one finding, or those on the
// instances of one declaration in code.
type mergedFinding struct {
	first *report.Finding
	all   []*report.Finding
	stale bool
}

// merged returns the findings of a CMS with the stale ones in their place by
// severity. Findings of one rule about tokens on one line of code are one: a
// for_each declares many on it, and readers take results at one place for one.
// Credentials that are hard-coded on one line are as many: each is to be revoked.
func (s *sarif) merged(cms string) []*mergedFinding {
	var list []*mergedFinding
	index := map[[4]string]*mergedFinding{}
	take := func(findings []*report.Finding, stale bool) {
		for _, f := range findings {
			if f.CMS != cms {
				continue
			}
			if format.InCode(f) {
				key := [4]string{f.Rule, place(f), strconv.FormatBool(f.WaivedAt(s.r.At)), codeKey(f)}
				if m, ok := index[key]; ok {
					m.all = append(m.all, f)
					continue
				}
				index[key] = &mergedFinding{first: f, all: []*report.Finding{f}, stale: stale}
				list = append(list, index[key])
				continue
			}
			list = append(list, &mergedFinding{first: f, all: []*report.Finding{f}, stale: stale})
		}
	}
	take(s.r.Findings, false)
	take(s.r.Stale, true)
	slices.SortStableFunc(list, func(a, b *mergedFinding) int { return report.CompareFindings(a.first, b.first) })
	return list
}

func place(f *report.Finding) string { return fmt.Sprintf("%s:%d", f.Origin.File, f.Origin.Line) }

// result makes a result; short tells that its message was cut.
func (s *sarif) result(m *mergedFinding) (result sarifResult, short bool) {
	f := m.first
	message := s.message(m)
	text := safetext.CutRunes(message, sarifMaxText)
	fingerprint := f.Fingerprint
	if format.InCode(f) {
		fingerprint = codeFingerprint(f)
	}
	result = sarifResult{
		RuleID: safetext.OneLine(f.Rule), RuleIndex: s.ruleIndex[f.Rule], Kind: "fail",
		Level: sarifLevel(f.Severity), Rank: sarifRank(f.Severity),
		Message:   sarifText{Text: text},
		Locations: []sarifLocation{s.location(f)},
		PartialFingerprints: map[string]string{
			"primaryLocationLineHash": fingerprint,
			"tokenFinding/v1":         fingerprint,
		},
		HostedViewerURI: safetext.SafeURL(f.URL),
		Properties: map[string]any{
			"severity":          string(f.Severity),
			"security-severity": securitySeverity(f.Severity),
			"source":            safetext.OneLine(f.Source),
			"fingerprints":      fingerprintsOf(m.all),
		},
	}
	if score := riskOf(m.all); score != nil {
		result.Rank = float64(score.Min)
		result.Properties["riskMin"], result.Properties["riskMax"], result.Properties["riskBand"] = score.Min, score.Max, string(score.Band)
	}
	if labels := s.labelsOf[f.Source]; len(labels) > 0 {
		result.Properties["labels"] = plainLabels(labels)
	}
	if f.Team != "" {
		result.Properties["team"] = safetext.CutRunes(safetext.OneLine(f.Team), sarifMaxName)
	}
	if f.Owner != nil {
		result.Properties["owner"] = plainOwner(f.Owner)
	}
	ages(result.Properties, m.all)
	if m.stale {
		result.Properties["stale"] = string(f.Resolution)
	}
	if origin := originLocation(f.Origin); origin != nil && !format.InCode(f) {
		origin.ID = 1
		origin.Message = &sarifText{Text: "The source is configured here."}
		if f.Address != "" {
			origin.Message.Text = "It is declared here."
		}
		result.RelatedLocations = []sarifLocation{*origin}
	}
	if s.r.Baseline != nil {
		result.BaselineState = baselineState(m)
	}
	if s.o.Suppressed {
		result.Suppressions = s.suppressionsOf(f)
	}
	return result, text != message
}

// ages adds since when the oldest of the findings is there, and the first day on which one is
// due, as far as they are known.
func ages(properties map[string]any, findings []*report.Finding) {
	for _, f := range findings {
		if days, ok := properties["openDays"].(int); f.OpenDays != nil && (!ok || *f.OpenDays > days) {
			properties["openDays"], properties["firstSeen"] = *f.OpenDays, f.FirstSeen.Format(time.RFC3339)
		}
		if due, ok := properties["due"].(string); f.Due != "" && (!ok || f.Due < due) {
			properties["due"], properties["overdueDays"] = f.Due, f.OverdueDays
		}
	}
}

// riskOf returns the worst score of the tokens that findings are about; nil for none.
func riskOf(findings []*report.Finding) *risk.Score {
	var worst *risk.Score
	for _, f := range findings {
		if f.Risk != nil && (worst == nil || risk.Compare(*f.Risk, *worst) < 0) {
			worst = f.Risk
		}
	}
	return worst
}

// plainOwner is the owner of a token, each text cut to one line.
func plainOwner(o *report.Owner) map[string]string {
	plain := map[string]string{"type": string(o.Type), "state": string(o.State)}
	for key, value := range map[string]string{"id": o.ID, "name": o.Name, "reason": o.Reason} {
		if value != "" {
			plain[key] = safetext.CutRunes(safetext.OneLine(value), sarifMaxName)
		}
	}
	return plain
}

// plainLabels are the labels of a source, each cut to one line.
func plainLabels(labels map[string]string) map[string]string {
	plain := make(map[string]string, len(labels))
	for key, value := range labels {
		plain[safetext.CutRunes(safetext.OneLine(key), sarifMaxName)] = safetext.CutRunes(safetext.OneLine(value), sarifMaxName)
	}
	return plain
}

func (s *sarif) message(m *mergedFinding) string {
	text := sentence(m.first.Message)
	if text == "." {
		text = sentence(m.first.Rule)
	}
	// A preview token stands under the address of its delivery token, which has
	// been told.
	if names := addressesOf(m.all); len(names) > 1 {
		text += fmt.Sprintf(" The same holds for each of %s: %s.", safetext.Plural(len(m.all), "token", "tokens"), strings.Join(names, ", "))
	}
	if m.stale {
		text += " Found by an earlier run, not checked again: " + m.first.Resolution.Text() + "."
	}
	if fix := m.first.Remediation; fix != "" {
		text += " " + sentence(fix)
	}
	return sarifPlain(text)
}

func addressesOf(findings []*report.Finding) []string {
	addresses := map[string]bool{}
	for _, f := range findings {
		addresses[safetext.OneLine(f.Address)] = true
	}
	return slices.Sorted(maps.Keys(addresses))
}

// sarifPlain keeps a reader from taking text for what SARIF embeds in messages:
// links, and the places of arguments.
func sarifPlain(s string) string {
	if strings.Contains(s, "](") {
		s = strings.NewReplacer("[", `\[`, "]", `\]`).Replace(s)
	}
	if strings.ContainsAny(s, "{}") {
		s = strings.NewReplacer("{", "{{", "}", "}}").Replace(s)
	}
	return s
}

// codeFingerprint stays the same whatever instances a declaration has.
func codeFingerprint(f *report.Finding) string {
	return report.Fingerprint(f.Rule, f.Source, declaration(f.Address), codeKey(f))
}

// codeKey tells credentials apart that are hard-coded in one declaration; it is
// empty for a finding about a token.
func codeKey(f *report.Finding) string {
	if f.Token != "" {
		return ""
	}
	return f.Key
}

// declaration is a resource address without the keys of its instances:
// module.a["x"].t.b[0] gives module.a.t.b.
func declaration(address string) string {
	var b strings.Builder
	quoted, depth := false, 0
	for i := 0; i < len(address); i++ {
		c := address[i]
		switch {
		case quoted && c == '\\':
			i++
		case depth > 0 && c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
		case c == ']' && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func fingerprintsOf(findings []*report.Finding) []string {
	prints := make([]string, len(findings))
	for i, f := range findings {
		prints[i] = f.Fingerprint
	}
	slices.Sort(prints)
	return prints
}

// baselineState is given on every result or on none. One new instance makes a
// declaration new.
func baselineState(m *mergedFinding) string {
	if m.stale {
		return string(report.BaselineUnchanged)
	}
	for _, f := range m.all {
		if f.Baseline.IsNew() {
			return string(report.BaselineNew)
		}
	}
	return string(report.BaselineUnchanged)
}

// suppressionsOf is a list on every result, or the member is on none.
func (s *sarif) suppressionsOf(f *report.Finding) []sarifSuppression {
	if !f.WaivedAt(s.r.At) || f.Waiver == nil {
		return []sarifSuppression{}
	}
	w := f.Waiver
	return []sarifSuppression{{
		Kind: "external", Status: "accepted",
		Justification: safetext.CutRunes(safetext.OneLine(fmt.Sprintf("%s (owner %s, approved by %s, until %s)", w.Reason, w.Owner, w.ApprovedBy, w.Expires)), sarifMaxText),
		Location:      originLocation(&w.Origin),
	}}
}

// location is where code scanning keeps the result: the line of code that
// declares a planned token, else a path that stands for the token. Nothing is
// at that path; it has to be stable and unlike any other.
func (s *sarif) location(f *report.Finding) sarifLocation {
	logical := sarifLogical{Name: safetext.CutRunes(safetext.OneLine(f.TokenName), sarifMaxName), FullyQualifiedName: safetext.CutRunes(safetext.OneLine(f.Subject()), sarifMaxText), Kind: "resource"}
	if f.Address != "" {
		logical.FullyQualifiedName = safetext.CutRunes(safetext.OneLine(f.Address), sarifMaxText)
	}
	if format.InCode(f) {
		location := *originLocation(f.Origin)
		location.Logical = []sarifLogical{logical}
		return location
	}
	uri := format.URIPath(f.Subject())
	if f.Key != "" {
		uri += "/" + format.URISegment(f.Key)
	}
	return sarifLocation{
		Physical: sarifPhysical{Artifact: sarifArtifact{uri}, Region: lineRegion(1)},
		Logical:  []sarifLogical{logical},
	}
}

// lineRegion is the first character of a line: readers want all four members.
func lineRegion(line int) sarifRegion {
	return sarifRegion{StartLine: line, StartColumn: 1, EndLine: line, EndColumn: 2}
}

// originLocation returns a place in a file of the repository, or nil.
func originLocation(origin *inventory.Origin) *sarifLocation {
	if origin == nil {
		return nil
	}
	file := format.RepositoryPath(origin.File)
	if file == "" {
		return nil
	}
	return &sarifLocation{Physical: sarifPhysical{Artifact: sarifArtifact{format.URIPath(file)}, Region: lineRegion(max(1, origin.Line))}}
}
