package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
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

// changeOptions are the flags of evaluate about a change that is not made yet.
type changeOptions struct {
	plans    []string
	dirs     []string
	manifest string
}

func (o *changeOptions) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.plans, "terraform-plan", nil, "a plan, as terraform show -json prints it: `[name=]file`, where the name of the root module is else that of the file (repeatable)")
	f.StringVar(&o.manifest, "manifest", "", "judge the tokens that this `file`, such as tokens.yaml, declares")
	f.StringArrayVar(&o.dirs, "terraform-dir", nil, "the folder of the code that a plan is of: `[name=]folder` (repeatable)")
}

// given tells whether a change is to be judged.
func (o changeOptions) given() bool { return len(o.plans) > 0 || o.manifest != "" }

// namedPath is an argument NAME=PATH.
type namedPath struct{ name, path string }

// named takes NAME=PATH apart; the name is empty where there is none.
func named(argument string) namedPath {
	if name, path, ok := strings.Cut(argument, "="); ok && !strings.ContainsAny(name, `/\`) {
		return namedPath{name, path}
	}
	return namedPath{"", argument}
}

// roots gives the plans with the names of their root modules.
func (o changeOptions) roots() []namedPath {
	var roots []namedPath
	for _, argument := range o.plans {
		root := named(argument)
		if root.name == "" && root.path == output.Stdout {
			// As if it had been saved under the usual name.
			root.name = "plan"
		}
		if root.name == "" {
			base := filepath.Base(root.path)
			root.name = strings.TrimSuffix(base, filepath.Ext(base))
		}
		roots = append(roots, root)
	}
	return roots
}

// dir gives the folder of a plan's code; empty where none was named.
func (o changeOptions) dir(root string) string {
	for _, argument := range o.dirs {
		if d := named(argument); d.name == root || d.name == "" {
			return d.path
		}
	}
	return ""
}

func (o changeOptions) validate(all evaluateOptions) error {
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	seen := map[string]bool{}
	for _, root := range o.roots() {
		if err := terraform.CheckRoot(root.name); err != nil {
			problem("--terraform-plan: %w", err)
		}
		if seen[root.name] {
			problem("two plans are called %q; give one of them another name: --terraform-plan NAME=%s", root.name, root.path)
		}
		seen[root.name] = true
	}
	for _, argument := range o.dirs {
		d := named(argument)
		switch {
		case len(o.plans) == 0:
			problem("--terraform-dir has no effect without --terraform-plan")
		case d.name == "" && len(o.plans) > 1:
			problem("--terraform-dir %s: there are several plans; say whose code it is: --terraform-dir NAME=%s", d.path, d.path)
		case d.name != "" && !seen[d.name]:
			problem("--terraform-dir %s: no plan is called %q", argument, d.name)
		}
	}
	if o.given() && len(all.labels) > 0 {
		problem("--label has no effect on a plan or a manifest: what is declared has no labels")
	}
	if o.manifest != "" && len(o.plans)+len(all.inventories) > 0 {
		problem("--manifest is judged by itself; `tokenaudit drift` compares it with inventories")
	}
	if len(o.plans) > 0 && all.baseline != "" {
		problem("--baseline and --terraform-plan contradict each other: a plan is compared with how things stand now")
	}
	if len(o.plans) > 0 && all.failOnUnchanged && all.failOnNew {
		problem("--fail-on-new and --fail-on-unchanged contradict each other")
	}
	if err := errors.Join(problems...); err != nil {
		return cli.Misuse(err)
	}
	return nil
}

// judgeChange judges how things will stand after a change, against how they
// stand now.
func (au *audit) judgeChange(ctx context.Context, o changeOptions, files inventories) (*report.Report, error) {
	if o.manifest != "" {
		return au.judgeManifest(ctx, o.manifest)
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
	au.baseline, au.options.allowIncomplete = was, true
	au.gate.OnlyNew = !au.options.failOnUnchanged
	return au.run(ctx, feedOf(after), at)
}

// judgeManifest judges the tokens that a manifest declares, at --at or now.
func (au *audit) judgeManifest(ctx context.Context, file string) (*report.Report, error) {
	m, err := au.app.openManifest(ctx, file)
	if err != nil {
		return nil, err
	}
	at := au.plan.at
	if at.IsZero() {
		at = au.app.now().UTC().Truncate(time.Second)
	}
	return au.run(ctx, feedOf(m.Inventory(at)), at)
}

// changeTime is --at, else the latest time that the inputs tell, else now.
func (au *audit) changeTime(plans []*terraform.Plan, latest latestTime) (time.Time, error) {
	if !au.plan.at.IsZero() {
		au.app.warnOfHindsight(au.plan.at, latest.time)
		return au.plan.at, nil
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
func (a *app) openPlans(ctx context.Context, o changeOptions) ([]*terraform.Plan, error) {
	var plans []*terraform.Plan
	for _, root := range o.roots() {
		p, err := a.openPlan(ctx, root)
		if err != nil {
			return nil, err
		}
		if dir := o.dir(root.name); dir != "" {
			if err := p.Locate(ctx, dir, fromHere); err != nil {
				return nil, err
			}
		}
		plans = append(plans, p)
	}
	return plans, nil
}

// openPlan reads a plan; - is standard input.
func (a *app) openPlan(ctx context.Context, root namedPath) (*terraform.Plan, error) {
	if root.path != output.Stdout {
		p, err := terraform.Open(ctx, root.path, root.name)
		return p, a.mistaken(ctx, err, root.path, "a Terraform plan")
	}
	p, err := terraform.Read(a.In, root.name)
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
