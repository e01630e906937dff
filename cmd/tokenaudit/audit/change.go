package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/deliver"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/documents"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/terraform"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Change judges how things will stand after a change, against how they
// stand now.
func (au *Audit) Change(ctx context.Context, o options.Change, files documents.Inventories) (*report.Report, error) {
	// A store keeps what is live.
	au.Close()
	au.past = nil
	au.scope = cmp.Or(au.scope, &report.Scope{})
	au.scope.Change = true
	if o.Manifest != "" {
		return au.judgeManifest(ctx, o.Manifest)
	}
	plans, err := au.program.Saved().Plans(ctx, o)
	if err != nil {
		return nil, err
	}
	var live []inventory.Source
	var latest documents.Latest
	err = files.Read(ctx, func(s inventory.Source) error {
		latest.See(s.CollectedAt)
		live = append(live, s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if au.scope, err = files.Restrict(au.scope); err != nil {
		return nil, err
	}
	at, err := au.changeTime(plans, latest)
	if err != nil {
		return nil, err
	}
	before, after := terraform.Overlay(live, at, plans...)
	for _, s := range slices.Concat(before, after) {
		if err := s.Check(); err != nil {
			return nil, fmt.Errorf("internal error, please report it: the source %s is not consistent: %w", safetext.OneLine(s.ID), err)
		}
	}
	earlier := au.baseline
	au.baseline = nil
	was, err := au.run(ctx, program.Of(before), at)
	if err != nil {
		return nil, err
	}
	if err := deliver.RecallLiterals(was, earlier, au.options.Gate); err != nil {
		return nil, err
	}
	au.baseline, au.options.AllowIncomplete = was, true
	au.gate.OnlyNew = !au.options.FailOnUnchanged
	r, err := au.run(ctx, program.Of(after), at)
	if err != nil {
		return nil, err
	}
	if n := r.NewLiterals(); n > 0 && earlier == nil {
		au.program.Note("%s counted as new: a plan does not tell what stood in the code before; --baseline, with a JSON report of the plan before the change, does",
			safetext.Plural(n, "hard-coded credential is", "hard-coded credentials are"))
	}
	return r, nil
}

// judgeManifest judges the tokens that a manifest declares, at --at or now.
func (au *Audit) judgeManifest(ctx context.Context, file string) (*report.Report, error) {
	m, err := au.program.Saved().Manifest(ctx, file)
	if err != nil {
		return nil, err
	}
	at := au.flags.At
	if at.IsZero() {
		at = au.program.Now().UTC().Truncate(time.Second)
	}
	return au.run(ctx, program.Of(m.Inventory(at, au.program.Registry.CanExpire)), at)
}

// changeTime is --at, else the latest time that the inputs tell, else now.
func (au *Audit) changeTime(plans []*terraform.Plan, latest documents.Latest) (time.Time, error) {
	if !au.flags.At.IsZero() {
		WarnOfHindsight(au.program.Streams, au.flags.At, latest.Time)
		return au.flags.At, nil
	}
	for _, p := range plans {
		latest.See(p.Timestamp)
	}
	if latest.Time.IsZero() {
		latest.Time = au.program.Now().UTC().Truncate(time.Second)
		au.program.Note("the plan does not say when it was made: it is judged as of now; give --at to get the same report again")
	}
	return latest.Time, latest.Apart()
}
