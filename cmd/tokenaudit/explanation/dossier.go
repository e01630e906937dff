package explanation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/engine"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Dossier returns everything about one token: what it is, its risk, what was found and what
// to do, and the facts with their evidence.
func Dossier(d engine.Dossier) string {
	var b strings.Builder
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "%-9s %s\n", label, fmt.Sprintf(format, args...))
	}
	identity(line, &d)
	if d.Risk != nil {
		b.WriteString("\n")
		score(line, d.Risk)
	}
	loud(&b, line, &d)
	b.WriteString("\n")
	quiet(line, &d)
	b.WriteString("\n")
	for _, f := range d.Facts {
		fact(func(label, format string, args ...any) {
			if label == "reads" {
				label = "fact"
			}
			line(label, format, args...)
		}, f)
	}
	days(line, &d.Derived)
	for _, u := range d.Source.Units {
		if slices.Contains(u.Kinds, d.Token.Kind) {
			unit(line, u)
		}
	}
	return b.String()
}

// Verdicts returns the verdicts of all rules on one token, each with its reason.
func Verdicts(d engine.Dossier) string {
	var b strings.Builder
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "%-9s %s\n", label, fmt.Sprintf(format, args...))
	}
	subject(line, &d)
	line("at", "%s", d.At.UTC().Format(time.RFC3339))
	loud(&b, line, &d)
	for _, status := range []policies.Status{policies.Pass, policies.NotApplicable} {
		label := map[policies.Status]string{policies.Pass: "pass", policies.NotApplicable: "outside"}[status]
		for i := range d.Verdicts {
			v := &d.Verdicts[i]
			if v.Status != status {
				continue
			}
			if label != "" {
				b.WriteString("\n")
			}
			line(label, "%s: %s", v.Rule.ID, decidedBy(v.DecidedBy, v.Status, &v.Rule))
			label = ""
			for _, one := range v.Verdicts {
				verdict(line, one)
			}
		}
	}
	return b.String()
}

// loud writes what rules found, and what could not be decided.
func loud(b *strings.Builder, line printLine, d *engine.Dossier) {
	for _, status := range []policies.Status{policies.Fail, policies.Waived, policies.NotEvaluated} {
		for i := range d.Verdicts {
			if d.Verdicts[i].Status == status {
				b.WriteString("\n")
				judged(line, &d.Verdicts[i])
			}
		}
	}
}

// subject names the token and its source.
func subject(line printLine, d *engine.Dossier) {
	line("token", "%s", d.Token.ID)
	line("", "%s \"%s\", %s", d.Token.Kind, safetext.OneLine(d.Token.Name), d.Derived.Status)
	line("source", "%s \"%s\", collected %s", d.Source.ID, safetext.OneLine(d.Source.Name), d.Source.CollectedAt.UTC().Format(time.RFC3339))
}

// identity says what the token is, whose, what it can do and where.
func identity(line printLine, d *engine.Dossier) {
	t := &d.Token
	subject(line, d)
	if texts := labels.Texts(d.Source.Labels); len(texts) > 0 {
		line("labels", "%s", safetext.OneLine(strings.Join(texts, ", ")))
	}
	line("owner", "%s", owner(t.Owner))
	switch {
	case d.Derived.TeamUnknown != "":
		line("team", "%s", safetext.OneLine(cmp.Or(d.Derived.Team, "unknown")+": "+d.Derived.TeamUnknown))
	case d.Derived.Team != "":
		line("team", "%s", safetext.OneLine(d.Derived.Team))
	}
	can := string(t.Access.Level)
	if t.Access.Reason != "" {
		can += ": " + t.Access.Reason
	}
	if t.Role != nil {
		can += fmt.Sprintf(", by the role %q", t.Role.Name)
	}
	line("can", "%s", safetext.OneLine(can))
	if t.Environments.State != "" {
		line("opens", "%s", safetext.OneLine(scope(t.Environments)))
	}
	if t.URL != "" {
		line("page", "%s", safetext.OneLine(t.URL))
	}
	line("at", "%s", d.At.UTC().Format(time.RFC3339))
}

func owner(o inventory.Owner) string {
	switch o.Type {
	case inventory.OwnerNone:
		return "none: it belongs to the project"
	case inventory.OwnerUnknown:
		return safetext.OneLine("unknown: " + o.Reason)
	}
	name := o.Name
	if name == "" {
		name = o.ID
	}
	return safetext.OneLine(fmt.Sprintf("%s (%s, %s)", name, o.Type, o.State))
}

func scope(s inventory.Scope) string {
	if s.State == inventory.ScopeUnknown {
		return "an unknown set of environments: " + s.Reason
	}
	names := make([]string, 0, len(s.Items))
	for _, item := range s.Items {
		name := item.ID
		if item.Name != "" && item.Name != item.ID {
			name = fmt.Sprintf("%s (%s)", item.Name, item.ID)
		}
		names = append(names, name)
	}
	text := safetext.Plural(s.Effective, "environment", "environments")
	switch {
	case s.State == inventory.ScopeAll && s.Effective == 0: // those of an organization are its spaces'
		text = "all environments"
	case s.State == inventory.ScopeAll:
		text = "all environments, now " + text
	}
	if len(names) > 0 {
		text += ": " + strings.Join(names, ", ")
	}
	return text
}

func score(line printLine, r *risk.Risk) {
	band := string(r.Band)
	if r.MaxBand != r.Band {
		band += ", at most " + string(r.MaxBand)
	}
	line("risk", "%s of %d (%s)", r.Score, risk.MaxScore, band)
	for _, f := range r.Factors {
		line("", "%s for %s: %s", f.Points(), safetext.OneLine(f.Name), safetext.OneLine(f.Reason))
	}
}

// judged says what a rule found, or why it could not decide.
func judged(line printLine, v *engine.RuleVerdict) {
	label := string(v.Status)
	if v.Status == policies.NotEvaluated {
		label = "undecided"
	}
	line(label, "%s (%s): %s", v.Rule.ID, v.Rule.Severity, v.Rule.Title)
	for _, one := range v.Verdicts {
		verdict(line, one)
	}
	if v.Remediation != "" && v.Status == policies.Fail {
		line("to do", "%s", safetext.OneLine(strings.TrimSpace(v.Remediation)))
	}
}

// quiet names the rules that found nothing, and those that do not apply.
func quiet(line printLine, d *engine.Dossier) {
	for i := range d.Verdicts {
		if v := &d.Verdicts[i]; v.DecidedBy == engine.StepGiven {
			line("not asked", "%s: %s", v.Rule.ID, v.Rule.OnlyWith.Missing())
		}
	}
	for _, status := range []policies.Status{policies.Pass, policies.NotApplicable} {
		var ids []string
		for i := range d.Verdicts {
			if d.Verdicts[i].Status == status && d.Verdicts[i].DecidedBy != engine.StepGiven {
				ids = append(ids, d.Verdicts[i].Rule.ID)
			}
		}
		if len(ids) > 0 {
			line(map[policies.Status]string{policies.Pass: "passes", policies.NotApplicable: "outside"}[status], "%s", strings.Join(ids, ", "))
		}
	}
}
