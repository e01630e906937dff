package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/audit"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/bundle"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/sealed"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/policies/engine"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// maxShown is how many differences are named.
const maxShown = 10

// checkContents checks that the files are what their names say and, with again, that the
// report is what they come to.
func checkContents(ctx context.Context, p *program.Program, b *bundle.Bundle, again bool, found *findings) error {
	r, err := documentsOf(ctx, b)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return brokenError{err}
	}
	found.add("audit time", "%s", r.At.UTC().Format(time.RFC3339))
	found.add("report", "%s %s (OPA %s), rules %.12s: %s in %s", safetext.OneLine(r.Tool.Name), safetext.OneLine(r.Tool.Version), safetext.OneLine(r.Policies.OPA), safetext.OneLine(r.Policies.Digest),
		safetext.Plural(len(r.Findings), "finding", "findings"), safetext.Plural(r.Summary.Sources, "source", "sources"))
	if !again {
		found.miss("verdicts", "not judged again; --re-derive does")
		return nil
	}
	return judgeAgain(ctx, p, b, r, found)
}

// documentsOf reads all documents by their schemas.
func documentsOf(ctx context.Context, b *bundle.Bundle) (*report.Report, error) {
	if _, err := sealed.Read(b.Get(bundle.Configuration)); err != nil {
		return nil, err
	}
	for _, f := range slices.Concat(b.In(bundle.Inventories), b.In(bundle.Previous)) {
		err := codec.Read(ctx, bytes.NewReader(f.Data), codec.Limits{}, func(inventory.Source) error { return nil })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	if known := b.Get(bundle.History); known != nil {
		if _, err := store.DecodeMemory(known); err != nil {
			return nil, fmt.Errorf("%s: %w", bundle.History, err)
		}
	}
	r, err := report.Read(bytes.NewReader(b.Get(bundle.Report)))
	if err != nil {
		return nil, err
	}
	if !r.At.Equal(b.At) {
		return nil, errors.New("the audit time of the report is not that of the manifest")
	}
	return r, nil
}

func judgeAgain(ctx context.Context, p *program.Program, b *bundle.Bundle, was *report.Report, found *findings) error {
	other := ""
	switch {
	case was.Tool != p.Tool:
		other = fmt.Sprintf("by %s %s, and this is %s", safetext.OneLine(was.Tool.Name), safetext.OneLine(was.Tool.Version), p.Tool.Version)
	case was.Policies.OPA != engine.OPAVersion():
		other = fmt.Sprintf("with OPA %s, and this is %s", safetext.OneLine(was.Policies.OPA), engine.OPAVersion())
	}
	derived, err := audit.Derive(ctx, p, b)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && other != "":
		return fmt.Errorf("cannot say: it was judged %s, which cannot judge it: %w", other, err)
	case err != nil:
		return brokenError{fmt.Errorf("it cannot be judged again: %w", err)}
	}
	if other != "" {
		// They say which version judged, and nothing of what it found.
		derived.Tool, derived.Policies = was.Tool, was.Policies
	}
	var text bytes.Buffer
	if err := derived.WriteJSON(&text); err != nil {
		return err
	}
	same := bytes.Equal(text.Bytes(), b.Get(bundle.Report))
	switch {
	case same && other == "":
		found.add("verdicts", "judged again: the same report, byte by byte")
	case same:
		found.add("verdicts", "judged again: the same report, though it was judged %s", other)
	case other != "":
		return fmt.Errorf("cannot say: it was judged %s; %s", other, differences("in the bundle", was, derived))
	default:
		return brokenError{errors.New("judged again, it makes another report: " + differences("in the bundle", was, derived))}
	}
	return nil
}

// differences says in which verdicts two reports differ; where says where the first one is.
func differences(where string, was, derived *report.Report) string {
	before, after := verdicts(was), verdicts(derived)
	all := maps.Clone(before)
	maps.Copy(all, after)
	var lines []string
	for _, subject := range slices.Sorted(maps.Keys(all)) {
		if before[subject] != after[subject] {
			lines = append(lines, fmt.Sprintf("%s: %s %s, %s when judged again", safetext.OneLine(subject), orNone(before[subject]), where, orNone(after[subject])))
		}
	}
	if len(lines) == 0 {
		return "the verdicts are the same, and other parts differ"
	}
	more := ""
	if n := len(lines) - maxShown; n > 0 {
		lines, more = lines[:maxShown], fmt.Sprintf("\n  and %d more", n)
	}
	return "the verdicts differ:\n  " + strings.Join(lines, "\n  ") + more
}

func orNone(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// verdicts are the findings of a report, and the counts of each rule, by what they are about.
func verdicts(r *report.Report) map[string]string {
	all := map[string]string{}
	for _, f := range r.Findings {
		subject := f.Rule + " on " + f.Source
		if f.Token != "" {
			subject = f.Rule + " on " + f.Token
		}
		if f.Key != "" {
			subject += " (" + f.Key + ")"
		}
		all[subject] = fmt.Sprintf("%s %s", f.Severity, f.Status)
	}
	for _, rule := range r.Rules {
		c := rule.Statuses
		all["rule "+rule.ID] = fmt.Sprintf("%d fail, %d waived, %d not evaluated, %d pass, %d not applicable", c.Fail, c.Waived, c.NotEvaluated, c.Pass, c.NotApplicable)
	}
	return all
}
