package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/documents"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/terraform"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

const changeHelp = `
With --terraform-plan, what is judged is how things will stand once the plan is
applied: its tokens by themselves, or, with inventories, laid over the live ones,
so that rules about a whole source see the future. How things stand now is the
baseline: a finding that the change does not introduce is marked unchanged and
fails the run only with --fail-on-unchanged. --terraform-dir names the code, for
the line of each finding.

The audit time is then the latest collected_at of the inventories and timestamp
of the plans; expires_in counts from it. A plan called - is read from standard
input.

With --manifest, the tokens that tokens.yaml declares are judged, at --at or now.`

// judgeChange judges how things will stand after a change, against how they
// stand now.
func (au *audit) judgeChange(ctx context.Context, o options.Change, files documents.Inventories) (*report.Report, error) {
	if o.Manifest != "" {
		return au.judgeManifest(ctx, o.Manifest)
	}
	plans, err := au.app.saved().Plans(ctx, o)
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
	was, err := au.run(ctx, feedOf(before), at)
	if err != nil {
		return nil, err
	}
	au.baseline, au.options.AllowIncomplete = was, true
	au.gate.OnlyNew = !au.options.FailOnUnchanged
	return au.run(ctx, feedOf(after), at)
}

// judgeManifest judges the tokens that a manifest declares, at --at or now.
func (au *audit) judgeManifest(ctx context.Context, file string) (*report.Report, error) {
	m, err := au.app.saved().Manifest(ctx, file)
	if err != nil {
		return nil, err
	}
	at := au.plan.At
	if at.IsZero() {
		at = au.app.now().UTC().Truncate(time.Second)
	}
	return au.run(ctx, feedOf(m.Inventory(at)), at)
}

// changeTime is --at, else the latest time that the inputs tell, else now.
func (au *audit) changeTime(plans []*terraform.Plan, latest documents.Latest) (time.Time, error) {
	if !au.plan.At.IsZero() {
		au.app.warnOfHindsight(au.plan.At, latest.Time)
		return au.plan.At, nil
	}
	for _, p := range plans {
		latest.See(p.Timestamp)
	}
	if latest.Time.IsZero() {
		latest.Time = au.app.now().UTC().Truncate(time.Second)
		au.app.Note("the plan does not tell when it was made: it is judged as of now; --at gives the same report again")
	}
	return latest.Time, latest.Apart()
}

// feedOf feeds sources that are in memory.
func feedOf(sources []inventory.Source) feed {
	return func(_ context.Context, take func(inventory.Source) error) error {
		for _, s := range sources {
			if err := take(s); err != nil {
				return err
			}
		}
		return nil
	}
}
