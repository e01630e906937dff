// Package audit is the pipeline of the commands that judge: from sources, as they are
// collected, saved or planned, to a report that is written and put to the gate.
package audit

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/sourcegraph/conc/pool"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/deliver"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/evidence"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/signature"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/engine"
	"github.com/tokenaudit/tokenaudit/policies/regofile"
	"github.com/tokenaudit/tokenaudit/policies/ruleid"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/acceptance"
	"github.com/tokenaudit/tokenaudit/report/output"
	"github.com/tokenaudit/tokenaudit/report/parts"
)

// Audit judges sources in parallel as they come, gathers the results into one report,
// and writes that and puts it to the gate.
type Audit struct {
	program *program.Program
	flags   options.Resolved
	options options.Judge
	// config is empty, not nil, where there is none.
	config *config.Config
	judge  *engine.Engine
	gate   report.Gate
	scope  *report.Scope
	// baseline is nil where there is none.
	baseline *report.Report
	evidence *evidence.Evidence
	// custom are the files of the custom rules; nil without any.
	custom *regofile.CustomFiles
	// sealFile is where the report is sealed, and signers sign it.
	sealFile string
	signers  []signature.Signer
	// past is nil where no history is kept.
	past *past
}

// New loads the rules: nothing is read before they are known to be sound.
func New(ctx context.Context, p *program.Program, cfg *config.Config, o options.Judge, flags options.Resolved) (*Audit, error) {
	// A limit from today on would refuse the replay of a later moment, one from
	// that moment on the replay of an old inventory.
	latest := LaterOf(p.Now(), flags.At)
	if err := cfg.CheckExpiries(latest); err != nil {
		return nil, err
	}
	if err := parts.CheckTeams(o.Owners, cfg.Owners.Teams()); err != nil {
		return nil, cli.Misuse(fmt.Errorf("--owner: %w", err))
	}
	loaded, err := program.Rules(ctx, cfg, o.Policies, o.Rules)
	if err != nil {
		return nil, err
	}
	if err := cfg.CheckDeadlines(policies.IDs(loaded.Known()), o.FailOnOverdue); err != nil {
		return nil, err
	}
	p.WarnAll(acceptance.Warnings(cfg.Waivers, loaded.Known()))
	au := &Audit{program: p, flags: flags, options: o, config: cfg, judge: loaded, custom: loaded.Custom(), gate: deliver.Gate(cfg.Gate, o.Gate, flags.FailOn)}
	if err := au.checkTargets(); err != nil {
		return nil, err
	}
	if len(o.Rules) > 0 {
		ids := policies.IDs(loaded.Rules())
		au.options.Rules = make([]string, len(o.Rules))
		for i, name := range o.Rules {
			au.options.Rules[i] = ruleid.Find(name, ids)
		}
		au.scope = &report.Scope{Rules: au.options.Rules}
	}
	if au.baseline, err = deliver.Baseline(ctx, p.Saved(), o.Gate); err != nil {
		return nil, err
	}
	if err := au.keepHistory(ctx); err != nil {
		return nil, err
	}
	if au.evidence, err = evidence.Read(ctx, p.Saved(), cfg, o.Previous, latest, flags.Sealed || au.past != nil); err != nil {
		au.Close()
		return nil, err
	}
	return au, nil
}

// LaterOf returns the later of two moments.
func LaterOf(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// run judges sources at one moment and builds the report. An
// interruption must not reach it: what was seen is still judged.
func (au *Audit) run(ctx context.Context, sources program.Sources, at time.Time) (*report.Report, error) {
	au.program.WarnAll(au.config.ReviewWarnings(at))
	if err := au.knowThePast(ctx, at); err != nil {
		return nil, err
	}
	builder := report.NewBuilder(report.BuildOptions{
		Tool: au.program.Tool, At: at,
		Rules: au.judge.Rules(), PolicyDigest: au.judge.Digest(), OPAVersion: engine.OPAVersion(),
		ConfigDigest: au.config.Digest, WaiversDigest: au.config.WaiversDigest,
		Relaxed:  au.config.Locate(au.judge.Relaxed()),
		Evidence: au.evidence.Files, Waivers: au.config.Waivers, AcceptedGaps: au.config.AcceptGaps, Teams: au.config.Owners.Teams(), Deadlines: au.config.Deadlines,
		OmitTokens: au.options.NoInventory || !au.usesTokens(), OmitEvidence: !au.usesEvidence(),
	})
	judging, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	proven := 0
	judges := pool.New().WithMaxGoroutines(runtime.GOMAXPROCS(0))
	err := sources(ctx, func(s inventory.Source) error {
		if au.past != nil {
			au.past.sources = append(au.past.sources, s)
		}
		s, n := au.evidence.Apply(s)
		proven += n
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
	if missed := au.evidence.Used() - proven; missed > 0 {
		au.program.Note("%d of %d tokens in the usage files are not among those that were read", missed, au.evidence.Used())
	}
	builder.Restrict(au.scope)
	r := builder.Report()
	if err := au.compareWithPast(ctx, r); err != nil {
		return nil, err
	}
	if err := deliver.Compare(r, au.baseline, au.options.Gate); err != nil {
		return nil, err
	}
	if note := deliver.BaselineNote(r, au.options.Gate); note != "" {
		au.program.Note("%s", note)
	}
	return parts.OfTeams(r, au.options.Owners)
}

// usesTokens reports whether anything that is made of the report looks at the list
// of tokens; a large one need not be kept else.
func (au *Audit) usesTokens() bool {
	return au.flags.Sealed || au.past != nil || au.baseline != nil || au.tellsTeams() || len(au.options.Owners) > 0 || slices.ContainsFunc(au.flags.Outputs, func(o output.Output) bool { return o.Format.UsesTokens || o.Team != "" })
}

// usesEvidence reports whether an output shows the evidence of findings.
func (au *Audit) usesEvidence() bool {
	return au.flags.Sealed || au.past != nil || slices.ContainsFunc(au.flags.Outputs, func(o output.Output) bool { return o.Format.UsesEvidence })
}

// Finish writes the outputs and returns the gate's decision as an error, nil for
// exit code 0.
func (au *Audit) Finish(ctx context.Context, r *report.Report) error {
	if err := au.knowTheCourse(ctx, r); err != nil {
		return err
	}
	if err := deliver.Report(ctx, au.program.Streams, r, au.gate, au.flags.Shown, au.options.Waived); err != nil {
		return err
	}
	if err := au.writePast(ctx, r); err != nil {
		return err
	}
	au.tell(ctx, r)
	decision := au.gate.Decide(r)
	if !au.flags.ShowsVerdict() {
		au.program.Note("%s", deliver.Text(decision))
	}
	return deliver.AsError(decision)
}
