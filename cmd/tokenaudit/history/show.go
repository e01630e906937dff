package history

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/audit"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/course"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/deliver"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

type showOptions struct {
	Options
	options.Show

	at   string
	seal options.Seal
}

func newShow(p *program.Program) *cobra.Command {
	o := showOptions{Options: Options{program: p}}
	cmd := &cobra.Command{
		Use:   "show --at DATE",
		Short: "Write the report as of a day",
		Long: `Show writes the report of the last run until a day, or a time: which tokens there were,
and what was wrong with them. What the run read is in the store, with its rules and
settings, and is judged again by them. Where that does not come to the same report, as
with another version of the program, it says so. It exits 0 whatever the report says.`,
		Example: "  tokenaudit history show --at 2026-06-30\n  tokenaudit history show --at 2026-06-30 -o html=june.html",
		Args:    cli.Takes(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runShow(cmd.Context(), o) },
	}
	o.bind(cmd)
	o.Bind(cmd)
	o.seal.Bind(cmd)
	cmd.Flags().StringVar(&o.at, "at", "", "the `time`, RFC 3339 or YYYY-MM-DD, which is the end of that day (default now)")
	return cmd
}

func runShow(ctx context.Context, o showOptions) error {
	flags, err := o.Validate()
	if err != nil {
		return cli.Misuse(err)
	}
	if err := o.seal.Validate(&options.Resolved{Shown: flags}, options.Judge{}, ""); err != nil {
		return err
	}
	until := o.program.Now().UTC()
	if o.at != "" {
		if until, err = endOf(o.at); err != nil {
			return err
		}
	}
	return o.open(ctx, false, func(s *store.Store, cfg *config.Config) error {
		if err := o.spare(cfg, append(places.Outputs(flags.Outputs), o.seal.File)...); err != nil {
			return err
		}
		r, err := o.asOf(ctx, s, until)
		if err != nil {
			return err
		}
		if err := flags.Split(r.Teams, nil); err != nil {
			return err
		}
		if flags.UsesTrend() {
			c, err := course.Until(ctx, s, r.At)
			if err != nil {
				return err
			}
			flags.Trend = c.LastYear(r.At, r.Deadlines)
		}
		return deliver.Report(ctx, o.program.Streams, r, deliver.Gate(cfg.Gate, options.Gate{}, ""), flags, o.Waived)
	})
}

// asOf makes the report of the last run until a moment again.
func (o *showOptions) asOf(ctx context.Context, s *store.Store, until time.Time) (*report.Report, error) {
	seen, err := s.At(ctx, until)
	if err != nil {
		return nil, err
	}
	if seen == nil {
		return nil, fmt.Errorf("the store has no run at or before %s: `tokenaudit history runs` lists them", until.Format(time.RFC3339))
	}
	o.program.Note("as of the run of %s", seen.Run.At.Format(time.RFC3339))
	past, err := s.Past(ctx, seen.Run.At)
	if err != nil {
		return nil, err
	}
	r, same, err := audit.Recall(ctx, o.program, seen, past)
	if err != nil {
		return nil, fmt.Errorf("judge what the run of %s saw: %w", seen.Run.At.Format(time.RFC3339), err)
	}
	if !same {
		o.warn(r, seen)
	}
	known, err := s.Known(ctx, r)
	if err != nil {
		return nil, err
	}
	if o.seal.File != "" {
		return o.sealed(ctx, seen, &store.Memory{Past: past, Known: known})
	}
	_, err = known.Compare(r, seen)
	return r, err
}

// sealed seals the run with what the store knew before it, and the report that it comes to.
func (o *showOptions) sealed(ctx context.Context, seen *store.Observation, memory *store.Memory) (*report.Report, error) {
	signers, err := audit.ReadSigners(ctx, o.program, o.seal.Keys)
	if err != nil {
		return nil, err
	}
	r, err := audit.Seal(ctx, o.program, seen, memory, o.seal.File, signers)
	if err != nil {
		return nil, fmt.Errorf("--seal: %w", err)
	}
	return r, nil
}

// warn says why the report is not the one that was written then.
func (o *showOptions) warn(r *report.Report, seen *store.Observation) {
	why := "a run that was written later lies before it"
	if seen.Run.Tool != o.program.Tool || seen.Run.OPA != r.Policies.OPA {
		why = fmt.Sprintf("it was judged by %s %s with OPA %s", safetext.OneLine(seen.Run.Tool.Name), safetext.OneLine(seen.Run.Tool.Version), safetext.OneLine(seen.Run.OPA))
	}
	o.program.Warn("this is not word by word the report of that run: %s; %s", why, differs(r, seen))
}

// differs counts the findings that only one of the two has, or that only one has waived.
func differs(r *report.Report, seen *store.Observation) string {
	was := map[string]bool{}
	for _, f := range seen.Findings {
		was[f.Fingerprint] = f.Waiver != nil
	}
	changed := 0
	for _, f := range r.Findings {
		if waived, ok := was[f.Fingerprint]; !ok || waived != (f.Status == policies.Waived) {
			changed++
		}
		delete(was, f.Fingerprint)
	}
	if changed+len(was) == 0 {
		return "its findings are the same"
	}
	return safetext.Plural(changed+len(was), "finding differs", "findings differ")
}
