// Package explanation writes why a rule came to a verdict.
package explanation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/engine"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Text returns an explanation in lines of a label and what it says, the verdict first.
func Text(x engine.Explanation) string {
	var b strings.Builder
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "%-9s %s\n", label, fmt.Sprintf(format, args...))
	}
	line("verdict", "%s: %s", x.Status, decidedBy(x.DecidedBy, x.Status, &x.Rule))
	line("rule", "%s (%s): %s", x.Rule.ID, x.Rule.Severity, x.Rule.Title)
	if x.Token != nil {
		line("token", "%s", x.Token.ID)
		line("", "%s \"%s\", %s", x.Token.Kind, safetext.OneLine(x.Token.Name), x.Derived.Status)
	}
	line("source", "%s \"%s\", collected %s", x.Source.ID, safetext.OneLine(x.Source.Name), x.Source.CollectedAt.UTC().Format(time.RFC3339))
	if texts := labels.Texts(x.Source.Labels); len(texts) > 0 {
		line("labels", "%s", safetext.OneLine(strings.Join(texts, ", ")))
	}
	line("at", "%s", x.At.UTC().Format(time.RFC3339))
	for _, name := range slices.Sorted(maps.Keys(x.Rule.Values)) {
		line("parameter", "%s = %s", name, safetext.JSON(x.Rule.Values[name]))
	}
	for _, v := range x.Verdicts {
		verdict(line, v)
	}
	if x.Remediation != "" {
		line("to do", "%s", safetext.OneLine(strings.TrimSpace(x.Remediation)))
	}
	for _, f := range x.Facts {
		fact(line, f)
	}
	days(line, x.Derived)
	for _, u := range x.Units {
		unit(line, u)
	}
	return b.String()
}

// decidedBy says in words which step decided.
func decidedBy(step engine.Step, status policies.Status, rule *policies.Rule) string {
	switch step {
	case engine.StepOff:
		return "the settings switch the rule off for this source"
	case engine.StepKinds:
		return "the rule does not judge tokens of this kind"
	case engine.StepSelect:
		return "the rule does not select this token"
	case engine.StepPlanned:
		return "the rule is about use, and the token does not exist yet"
	case engine.StepGiven:
		return "the question was not asked: " + rule.OnlyWith.Missing()
	case engine.StepError:
		return "the rule could not run"
	case engine.StepApplies:
		return "the rule does not apply to this token"
	case engine.StepUnits:
		return "a list that the rule needs could not be read"
	case engine.StepRequires:
		return "a fact that the rule needs is unknown"
	case engine.StepDeny:
		if status == policies.Waived {
			return "the rule found something wrong, and a waiver covers it"
		}
		return "the rule found something wrong"
	case engine.StepUnknown:
		return "the rule cannot decide"
	case engine.StepAllow:
		return "the rule explains why this is right"
	}
	return "the rule found nothing wrong"
}

type printLine func(label, format string, args ...any)

func verdict(line printLine, v policies.Verdict) {
	line("because", "%s", safetext.OneLine(v.Message+v.Reason))
	if v.Key != "" {
		line("key", "%s", safetext.OneLine(v.Key))
	}
	for _, key := range slices.Sorted(maps.Keys(v.Evidence)) {
		line("evidence", "%s = %s", safetext.OneLine(key), safetext.JSON(v.Evidence[key]))
	}
	if w := v.Waiver; w != nil {
		line("waiver", "%s (owner %s, approved by %s, until %s)", safetext.OneLine(w.Reason), safetext.OneLine(w.Owner), safetext.OneLine(w.ApprovedBy), w.Expires)
	}
}

func fact(line printLine, f engine.FactValue) {
	need := "reads"
	if f.Required {
		need = "needs"
	}
	value := f.Value
	used, isUse := value.(inventory.LastUsed)
	chain := used.Chain
	if isUse {
		used.Chain = nil
		value = used
	}
	line(need, "%s = %s", f.Fact, safetext.JSON(value))
	if f.Unknown != "" {
		line("", "unknown: %s", safetext.OneLine(f.Unknown))
	}
	for _, link := range chain {
		observation(line, link)
	}
}

// observation writes one of the observations that a last use rests on.
func observation(line printLine, o inventory.Observation) {
	said := ""
	switch o.State {
	case inventory.LastUsedAt:
		said = "used at " + o.At.Format(time.RFC3339)
	case inventory.LastUsedBetween:
		said = "last used between " + o.Earliest.Format(time.RFC3339) + " and " + o.Latest.Format(time.RFC3339)
	case inventory.LastUsedNoneOnRecord:
		said = "no use on record since " + o.Latest.Format(time.RFC3339)
	case inventory.LastUsedNever:
		said = "never used"
	case inventory.LastUsedUnknown:
		said = "not told"
	}
	if o.Word != "" {
		said += fmt.Sprintf(" (the CMS's word: %s)", safetext.OneLine(o.Word))
	}
	if o.CollectedAt.IsZero() {
		line("seen in", "%s: %s", safetext.OneLine(o.Evidence), said)
		return
	}
	line("seen on", "%s: %s", o.CollectedAt.UTC().Format(time.RFC3339), said)
}

// days writes the day counts that are known.
func days(line printLine, d *input.Derived) {
	if d == nil {
		return
	}
	for _, count := range []struct {
		name string
		days *int
	}{{"age_days", d.AgeDays}, {"expires_in_days", d.ExpiresInDays}, {"lifetime_days", d.LifetimeDays}} {
		if count.days != nil {
			line("days", "%s = %d", count.name, *count.days)
		}
	}
	if d.AgeDays == nil && d.Age != nil {
		line("days", "age = %s", safetext.JSON(d.Age))
	}
	if d.UnusedDays != nil {
		line("days", "unused_days = %s", safetext.JSON(d.UnusedDays))
	}
}

func unit(line printLine, u inventory.Unit) {
	if u.Status == inventory.UnitComplete {
		line("list", "%s: complete", u.Name)
		return
	}
	line("list", "%s: %s (%s): %s", u.Name, u.Status, u.Error, safetext.OneLine(u.Detail))
	if u.Hint != "" {
		line("to do", "%s", safetext.OneLine(u.Hint))
	}
}
