package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/policies"
	ruleinput "github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// explainOptions are the flags and arguments of explain.
type explainOptions struct {
	readOptions
	inventories []string
	at          string
	policies    []string
	previous    []string
	rule        string
	// subject is a token id, or a source id for a rule about sources.
	subject string
}

func newExplain(run func(context.Context, explainOptions) error) *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:   "explain RULE TOKEN",
		Short: "Say why a rule gave a token its verdict, with the facts it rests on",
		Long: `Explain judges one token by one rule and says what decided, which facts the rule
used, and what is unknown. TOKEN is the id of a token, the end of one, or a name
that only one token has; for a rule about sources it is that of a source.
It reads the configured sources, or saved inventories with --inventory.`,
		Example: `  tokenaudit explain unused-token datocms/projects/77/access_tokens/312
  tokenaudit explain unused-token access_tokens/312
  tokenaudit explain --inventory inventory.json unused-token access_tokens/x`,
		Args: takes("RULE", "TOKEN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.rule, o.subject = args[0], args[1]
			return run(cmd.Context(), o)
		},
	}
	o.bind(cmd)
	f := cmd.Flags()
	f.StringArrayVar(&o.inventories, "inventory", nil, "look in this saved inventory `file` instead of reading the sources (repeatable)")
	bindPrevious(f, &o.previous)
	f.StringVar(&o.at, "at", "", "the audit `time`, RFC 3339 or YYYY-MM-DD")
	f.StringArrayVar(&o.policies, "policy", nil, "a file, `folder` or bundle of custom rules (repeatable)")
	return cmd
}

func (a *app) explain(ctx context.Context, o explainOptions) error {
	at, err := parseTime(o.at)
	if err != nil {
		return usageError{err}
	}
	if err := readOnce(inputsAs("an inventory", slices.Concat(o.inventories, o.previous))); err != nil {
		return err
	}
	cfg, sources, err := a.explainedSources(ctx, o)
	if err != nil {
		return err
	}
	engine, err := a.loadRules(ctx, cfg, o.policies, []string{o.rule})
	if err != nil {
		return err
	}
	evidence, _, err := readUsage(ctx, cfg, laterOf(a.now(), at))
	if err != nil {
		return err
	}
	past, _, err := a.readPrevious(ctx, o.previous)
	if err != nil {
		return err
	}
	source, subject, latest, err := find(ctx, sources, o.subject)
	if err != nil {
		return err
	}
	source = past.Apply(source)
	evidence.Apply(&source)
	if at.IsZero() {
		at = latest
	}
	a.warnOfHindsight(at, latest)
	explanation, err := engine.Explain(ctx, source, o.rule, subject, at)
	if err != nil {
		return err
	}
	_, err = io.WriteString(a.out, explainText(explanation))
	return err
}

// explainedSources gives where to look: the saved inventories, else what the
// configuration reaches.
func (a *app) explainedSources(ctx context.Context, o explainOptions) (*config.Config, feed, error) {
	if len(o.inventories) == 0 {
		r, err := a.newReading(ctx, o.readOptions)
		if err != nil {
			return nil, nil, err
		}
		// Where the id tells the CMS, the others need not be asked.
		cms, _, ok := strings.Cut(o.subject, "/")
		if ok && len(o.sources) == 0 && slices.ContainsFunc(r.config.Sources, func(s config.Source) bool { return cms == s.Entry.CMS || cms == s.Entry.Name }) {
			r.options.sources = []string{cms + "/*"}
		}
		return r.config, r.collect, nil
	}
	wanted, err := parseLabels(o.labels)
	if err != nil {
		return nil, nil, err
	}
	if len(o.sources) > 0 {
		return nil, nil, usageError{errors.New("--source and --inventory contradict each other: an inventory is searched whole")}
	}
	cfg, err := a.loadConfig(ctx, o.config, true)
	if err != nil {
		return nil, nil, err
	}
	files, err := a.openInventories(ctx, o.inventories, false)
	if err != nil {
		return nil, nil, err
	}
	return cfg, func(ctx context.Context, take func(inventory.Source) error) error {
		search := labels.Search{Selector: wanted}
		err := files.read(ctx, func(s inventory.Source) error {
			if !search.Wants(s.Labels) {
				return nil
			}
			return take(s)
		})
		if err == nil {
			a.warnAll(search.Warnings())
		}
		return errors.Join(err, files.close())
	}, nil
}

// explainText tells an explanation, the verdict first.
func explainText(x policies.Explanation) string {
	var b strings.Builder
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "%-9s %s\n", label, fmt.Sprintf(format, args...))
	}
	line("verdict", "%s: %s", x.Status, decidedBy(x))
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
		line("parameter", "%s = %s", name, compact(x.Rule.Values[name]))
	}
	for _, v := range x.Verdicts {
		explainVerdict(line, v)
	}
	if x.Remediation != "" {
		line("to do", "%s", safetext.OneLine(strings.TrimSpace(x.Remediation)))
	}
	for _, f := range x.Facts {
		explainFact(line, f)
	}
	explainDays(line, x.Derived)
	for _, u := range x.Units {
		explainUnit(line, u)
	}
	return b.String()
}

// decidedBy says in words which step decided.
func decidedBy(x policies.Explanation) string {
	switch x.DecidedBy {
	case policies.StepOff:
		return "the settings switch the rule off for this source"
	case policies.StepKinds:
		return "the rule does not judge tokens of this kind"
	case policies.StepPlanned:
		return "the rule is about use, and the token does not exist yet"
	case policies.StepError:
		return "the rule could not run"
	case policies.StepApplies:
		return "the rule does not apply to this token"
	case policies.StepUnits:
		return "a list that the rule needs could not be read"
	case policies.StepRequires:
		return "a fact that the rule needs is unknown"
	case policies.StepDeny:
		if x.Status == policies.Waived {
			return "the rule found something wrong, and a waiver covers it"
		}
		return "the rule found something wrong"
	case policies.StepUnknown:
		return "the rule cannot decide"
	case policies.StepAllow:
		return "the rule explains why this is right"
	}
	return "the rule found nothing wrong"
}

type printLine func(label, format string, args ...any)

func explainVerdict(line printLine, v policies.Verdict) {
	line("because", "%s", safetext.OneLine(v.Message+v.Reason))
	for _, key := range slices.Sorted(maps.Keys(v.Evidence)) {
		line("evidence", "%s = %s", safetext.OneLine(key), compact(v.Evidence[key]))
	}
	if w := v.Waiver; w != nil {
		line("waiver", "%s (owner %s, approved by %s, until %s)", safetext.OneLine(w.Reason), safetext.OneLine(w.Owner), safetext.OneLine(w.ApprovedBy), w.Expires)
	}
}

func explainFact(line printLine, f policies.FactValue) {
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
	line(need, "%s = %s", f.Fact, compact(value))
	if f.Unknown != "" {
		line("", "unknown: %s", safetext.OneLine(f.Unknown))
	}
	for _, link := range chain {
		explainLink(line, link)
	}
}

// explainLink tells one of the observations that a last use rests on.
func explainLink(line printLine, o inventory.Observation) {
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

// explainDays tells the day counts that are known.
func explainDays(line printLine, d *ruleinput.Derived) {
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
		line("days", "age = %s", compact(d.Age))
	}
	if d.UnusedDays != nil {
		line("days", "unused_days = %s", compact(d.UnusedDays))
	}
}

func explainUnit(line printLine, u inventory.Unit) {
	if u.Status == inventory.UnitComplete {
		line("list", "%s: complete", u.Name)
		return
	}
	line("list", "%s: %s (%s): %s", u.Name, u.Status, u.Error, safetext.OneLine(u.Detail))
	if u.Hint != "" {
		line("to do", "%s", safetext.OneLine(u.Hint))
	}
}

// compact gives a value as JSON on one line, untrusted text made harmless.
func compact(v any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return "(cannot be shown)"
	}
	return safetext.OneLine(strings.TrimSpace(b.String()))
}
