package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/manifest"
	"github.com/tokenaudit/tokenaudit/collectors/terraform"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/output"
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
func (au *audit) judgeChange(ctx context.Context, o options.Change, files inventories) (*report.Report, error) {
	if o.Manifest != "" {
		return au.judgeManifest(ctx, o.Manifest)
	}
	plans, err := au.app.openPlans(ctx, o)
	if err != nil {
		return nil, err
	}
	var live []inventory.Source
	var latest latestTime
	err = files.read(ctx, func(s inventory.Source) error {
		latest.see(s.CollectedAt)
		live = append(live, s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if au.scope, err = files.restrict(au.scope); err != nil {
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
	m, err := au.app.openManifest(ctx, file)
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
func (au *audit) changeTime(plans []*terraform.Plan, latest latestTime) (time.Time, error) {
	if !au.plan.At.IsZero() {
		au.app.warnOfHindsight(au.plan.At, latest.time)
		return au.plan.At, nil
	}
	for _, p := range plans {
		latest.see(p.Timestamp)
	}
	if latest.time.IsZero() {
		latest.time = au.app.now().UTC().Truncate(time.Second)
		au.app.Note("the plan does not tell when it was made: it is judged as of now; --at gives the same report again")
	}
	return latest.time, latest.apart()
}

// openPlans reads the plans and finds the lines of what they declare.
func (a *app) openPlans(ctx context.Context, o options.Change) ([]*terraform.Plan, error) {
	var plans []*terraform.Plan
	for _, root := range o.Roots() {
		p, err := a.openPlan(ctx, root)
		if err != nil {
			return nil, err
		}
		if dir := o.Dir(root.Name); dir != "" {
			if err := p.Locate(ctx, dir, fromHere); err != nil {
				return nil, err
			}
		}
		plans = append(plans, p)
	}
	return plans, nil
}

// openPlan reads a plan; - is standard input.
func (a *app) openPlan(ctx context.Context, root options.NamedPath) (*terraform.Plan, error) {
	if root.Path != output.Stdout {
		p, err := terraform.Open(ctx, root.Path, root.Name)
		return p, a.mistaken(ctx, err, root.Path, "a Terraform plan")
	}
	p, err := terraform.Read(a.In, root.Name)
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return p, nil
}

// openManifest reads a manifest; - is standard input.
func (a *app) openManifest(ctx context.Context, file string) (*manifest.Manifest, error) {
	if file == output.Stdout {
		return manifest.Read(a.In, "standard input")
	}
	m, err := manifest.Open(ctx, file)
	return m, a.mistaken(ctx, err, file, "a manifest")
}

// fromHere gives a path as seen from the working folder, which in a pipeline is
// the root of the repository; one outside of it stays as it is.
func fromHere(path string) string {
	here, err := os.Getwd()
	if err != nil || !filepath.IsAbs(path) {
		return path
	}
	relative, err := filepath.Rel(here, path)
	if err != nil || relative == ".." || strings.HasPrefix(relative, ".."+string(filepath.Separator)) {
		return path
	}
	return relative
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
