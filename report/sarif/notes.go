package sarif

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/controls"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// The kinds of notifications.
const (
	noteUnread       = "unread-list"
	noteAccepted     = "accepted-gap"
	noteNotEvaluated = "not-evaluated"
	noteRuleError    = "rule-error"
	noteRelaxed      = "relaxed"
	noteRunLeftOut   = "run-left-out"
	noteWaived       = "waived-left-out"
	noteCut          = "cut-to-limits"
	noteStale        = "stale-findings"
	noteNoSource     = "no-source"
	noteWaiver       = "waiver-to-look-at"
	noteNotAsked     = "not-asked"
)

// noteDescriptors are in the order of the indexes.
func noteDescriptors() []sarifDescriptor {
	describe := func(id, text string) sarifDescriptor {
		t := &sarifText{Text: text}
		return sarifDescriptor{ID: id, Name: nameOf(id), ShortDescription: t, FullDescription: t, Help: t}
	}
	return []sarifDescriptor{
		describe(noteUnread, "A list of a source could not be read in full."),
		describe(noteAccepted, "A list could not be read, and that is accepted."),
		describe(noteNotEvaluated, "A rule could not decide, because a fact is unknown."),
		describe(noteRuleError, "A rule could not run on a source."),
		describe(noteRelaxed, "A setting asks less than controls need, which therefore cannot pass."),
		describe(noteRunLeftOut, "The run of a CMS is left out of this file."),
		describe(noteWaived, "Waived findings are left out."),
		describe(noteCut, "Something was cut to the limits of the platforms."),
		describe(noteStale, "Findings of an earlier run are carried over."),
		describe(noteNoSource, "No source was found."),
		describe(noteWaiver, "A waiver has expired, is about to, or has no effect."),
		describe(noteNotAsked, "A rule judged nothing, because what it needs was not given."),
	}
}

// notes gathers the notifications of one run.
type notes struct {
	s     *sarif
	index map[string]int
	list  []sarifNotification
}

func (s *sarif) newNotes() *notes {
	n := &notes{s: s, index: map[string]int{}}
	for i, d := range noteDescriptors() {
		n.index[d.ID] = i
	}
	return n
}

// add notes something; rule is the id of the rule it is about, or "".
func (n *notes) add(kind, level, rule, text string) {
	note := sarifNotification{
		Descriptor: sarifReference{ID: kind, Index: n.index[kind]}, Level: level,
		Message: sarifText{Text: safetext.CutRunes(sarifPlain(sentence(text)), sarifMaxText)},
	}
	if i, ok := n.s.ruleIndex[rule]; ok && rule != "" {
		note.Rule = &sarifReference{ID: n.s.rules[i].ID, Index: i}
	}
	n.list = append(n.list, note)
}

// unread notes a list that could not be read.
func (n *notes) unread(unit report.UnreadUnit) {
	text := fmt.Sprintf("%s: %s could not be read in full: %s", unit.Source, unit.Name, unit.Problem())
	if unit.Accepted != nil {
		n.add(noteAccepted, "note", "", text+"; "+unit.Accepted.String())
		return
	}
	if unit.Hint != "" {
		text += ". To do: " + unit.Hint
	}
	n.add(noteUnread, "error", "", text)
}

// finish bounds the list, the worst kept, and says what is missing.
func (n *notes) finish() []sarifNotification {
	if len(n.list) <= sarifMaxNotes {
		return n.list
	}
	rank := func(note sarifNotification) int {
		return slices.Index([]string{"error", "warning", "note"}, note.Level)
	}
	slices.SortStableFunc(n.list, func(a, b sarifNotification) int { return rank(a) - rank(b) })
	cut := len(n.list) - sarifMaxNotes + 1
	n.list = n.list[:sarifMaxNotes-1]
	n.add(noteCut, "warning", "", safetext.Plural(cut, "notification is", "notifications are")+" left out")
	return n.list
}

// missingNotes notes the lists of one CMS that were not read and the rules that
// could not run.
func (s *sarif) missingNotes(cms string, n *notes) {
	for _, unit := range s.unread {
		if unit.CMS == cms {
			n.unread(unit)
		}
	}
	for _, e := range s.r.RuleErrors {
		if s.cmsOf[e.Source] == cms {
			n.add(noteRuleError, "error", e.Rule, fmt.Sprintf("%s could not judge %s: %s", e.Rule, e.Source, e.Detail))
		}
	}
}

// gapNotes notes all that was not measured of one CMS.
func (s *sarif) gapNotes(cms string, n *notes) {
	s.missingNotes(cms, n)
	s.staleNotes(cms, n)
	s.notAskedNotes(cms, n)
	for _, gap := range s.r.Gaps {
		if s.cmsOf[gap.Source] != cms {
			continue
		}
		text := fmt.Sprintf("%s: %s on %s could not be decided: %s", gap.Rule, safetext.Plural(gap.Count, "verdict", "verdicts"), gap.Source, gap.Reason)
		if len(gap.Sample) > 0 {
			text += ". For example: " + strings.Join(gap.Sample, ", ")
		}
		n.add(noteNotEvaluated, "note", gap.Rule, text)
	}
}

// notAskedNotes notes the rules that judged nothing of one CMS.
func (s *sarif) notAskedNotes(cms string, n *notes) {
	var sources []report.Source
	for i := range s.r.Sources {
		if s.r.Sources[i].CMS == cms {
			sources = append(sources, s.r.Sources[i])
		}
	}
	for _, rule := range format.NotAsked(sources) {
		n.add(noteNotAsked, "note", rule.Rule, fmt.Sprintf("%s was not asked in %s: %s", rule.Rule, safetext.Plural(rule.Sources, "source", "sources"), rule.Reason))
	}
}

func (s *sarif) staleNotes(cms string, n *notes) {
	stale := 0
	for _, f := range s.r.Stale {
		if f.CMS == cms {
			stale++
		}
	}
	if stale > 0 {
		n.add(noteStale, "warning", "", fmt.Sprintf("%s of %s could not be checked again and %s carried over, so that code scanning does not treat them as fixed",
			safetext.Plural(stale, "finding", "findings"), s.r.Before(), map[bool]string{true: "is", false: "are"}[stale == 1]))
	}
}

// relaxedNotes notes the settings with which controls cannot pass. They belong to no CMS.
func (s *sarif) relaxedNotes(n *notes) {
	for _, r := range s.r.Lowered() {
		n.add(noteRelaxed, "warning", r.Rule, fmt.Sprintf("%s. These controls cannot pass: %s", r, controls.Text(r.Controls)))
	}
}

// waiverNotes notes the waivers that need somebody. They belong to no CMS.
func (s *sarif) waiverNotes(n *notes) {
	for _, w := range format.NewView(s.r).Waivers {
		if w.State == format.WaiverApplied {
			continue
		}
		level := "note"
		if w.State == format.WaiverExpired {
			level = "warning"
		}
		n.add(noteWaiver, level, w.Rule, fmt.Sprintf("The waiver of %s on %s (%s) is valid until %s and concerns %s. Owner: %s", w.Rule, w.On(), w.State, w.Expires, safetext.Plural(w.Findings, "finding", "findings"), w.Owner))
	}
}
