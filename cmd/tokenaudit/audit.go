package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/sourcegraph/conc/pool"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/collectors/history"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/usage"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/engine"
	"github.com/tokenaudit/tokenaudit/policies/ruleid"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/output"
)

// feed gives sources, one at a time, to take. It ends when there are no more,
// or with the error of take.
type feed func(ctx context.Context, take func(inventory.Source) error) error

// audit is the pipeline: sources are judged in parallel as they come, their
// results gathered into one report, and the report written and put to the gate.
type audit struct {
	app     *app
	plan    options.Resolved
	options options.Judge
	// config is empty, not nil, where there is none.
	config *config.Config
	judge  policies.Judge
	gate   report.Gate
	scope  *report.Scope
	// baseline is nil where there is none.
	baseline *report.Report
	// evidence of use from outside; empty where there is none.
	evidence *usage.Evidence
	// past is what the inventories of --previous knew; empty where there are none.
	past *history.History
	// files are those that evidence and past were read from.
	files []report.Evidence
}

// newAudit loads the rules: nothing is read before they are known to be sound.
func (a *app) newAudit(ctx context.Context, cfg *config.Config, o options.Judge, p options.Resolved) (*audit, error) {
	// A limit from today on would refuse the replay of a later moment, one from
	// that moment on the replay of an old inventory.
	if err := cfg.CheckExpiries(laterOf(a.now(), p.At)); err != nil {
		return nil, err
	}
	loaded, err := a.loadRules(ctx, cfg, o.Policies, o.Rules)
	if err != nil {
		return nil, err
	}
	au := &audit{app: a, plan: p, options: o, config: cfg, judge: loaded, gate: gateOf(cfg.Gate, o.Gate, p.FailOn)}
	if len(o.Rules) > 0 {
		ids := idsOf(loaded.Rules())
		au.options.Rules = make([]string, len(o.Rules))
		for i, name := range o.Rules {
			au.options.Rules[i] = ruleid.Find(name, ids)
		}
		au.scope = &report.Scope{Rules: au.options.Rules}
	}
	if au.baseline, err = a.readBaseline(ctx, o.Gate); err != nil {
		return nil, err
	}
	var used, earlier []report.Evidence
	if au.evidence, used, err = readUsage(ctx, cfg, laterOf(a.now(), p.At)); err != nil {
		return nil, err
	}
	if au.past, earlier, err = a.readPrevious(ctx, o.Previous); err != nil {
		return nil, err
	}
	au.files = slices.Concat(used, earlier)
	return au, nil
}

func laterOf(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// rulesError returns a setting that the rules refuse its place in the configuration.
func rulesError(cfg *config.Config, err error) error {
	if setting, ok := errors.AsType[*engine.SettingsError](err); ok {
		return cfg.Mistake(setting.Path, setting.Detail)
	}
	return err
}

// run judges what the feed gives at one moment and builds the report. An
// interruption must not reach it: what was seen is still judged.
func (au *audit) run(ctx context.Context, sources feed, at time.Time) (*report.Report, error) {
	builder := report.NewBuilder(report.BuildOptions{
		Tool: au.app.tool, At: at,
		Rules: au.judge.Rules(), PolicyDigest: au.judge.Digest(), OPAVersion: engine.OPAVersion(),
		ConfigDigest: au.config.Digest, WaiversDigest: au.config.WaiversDigest,
		Evidence: au.files, Waivers: au.config.Waivers, AcceptedGaps: au.config.AcceptGaps,
		OmitTokens: au.options.NoInventory || !au.usesTokens(), OmitEvidence: !au.usesEvidence(),
	})
	judging, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	proven := 0
	judges := pool.New().WithMaxGoroutines(runtime.GOMAXPROCS(0))
	err := sources(ctx, func(s inventory.Source) error {
		s = au.past.Apply(s)
		if au.evidence.Len() > 0 {
			// The tokens may be written to an inventory as the CMS told them.
			s.Tokens = slices.Clone(s.Tokens)
			proven += au.evidence.Apply(&s)
		}
		judges.Go(func() {
			result, err := au.judge.Evaluate(judging, s, at)
			if err != nil {
				stop(fmt.Errorf("judge %s: %w", s.ID, err))
				return
			}
			builder.Add(s, result)
		})
		return context.Cause(judging)
	})
	judges.Wait()
	if cause := context.Cause(judging); cause != nil {
		return nil, cause
	}
	if err != nil {
		return nil, err
	}
	if missed := au.evidence.Len() - proven; missed > 0 {
		au.app.Note("%d of %d tokens in the usage files are not among those that were read", missed, au.evidence.Len())
	}
	builder.Restrict(au.scope)
	r := builder.Report()
	return r, compareTo(r, au.baseline, au.options.Gate)
}

// usesTokens reports whether anything that is made of the report looks at the list
// of tokens; a large one need not be kept else.
func (au *audit) usesTokens() bool {
	return au.baseline != nil || slices.ContainsFunc(au.plan.Outputs, func(o output.Output) bool { return o.Format.UsesTokens })
}

// usesEvidence reports whether an output shows the evidence of findings.
func (au *audit) usesEvidence() bool {
	return slices.ContainsFunc(au.plan.Outputs, func(o output.Output) bool { return o.Format.UsesEvidence })
}

// finish writes the outputs and gives the gate's decision as an error, nil for
// exit code 0.
func (au *audit) finish(ctx context.Context, r *report.Report) error {
	if err := au.app.writeReport(ctx, r, au.gate, au.plan.Shown, au.options.Waived); err != nil {
		return err
	}
	decision := au.gate.Decide(r)
	if !au.plan.ShowsVerdict() {
		au.app.Note("%s", decisionText(decision))
	}
	return asError(decision)
}

// writeReport writes a report in all the formats that were asked for.
func (a *app) writeReport(ctx context.Context, r *report.Report, gate report.Gate, s options.Shown, waived bool) error {
	return output.WriteOutputs(interruptible.UnlessEnded(ctx), s.Outputs, a.Out, r, format.Options{
		Gate: gate, MinSeverity: s.MinSeverity, Framework: s.Framework, Suppressed: waived,
		Width: a.Page().Width, Color: a.Color,
	})
}
