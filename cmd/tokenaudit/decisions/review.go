package decisions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/entries"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/policies/reviews"
)

// ReviewOptions are the flags and the argument of reviews add.
type ReviewOptions struct {
	placed
	// token is an id, the end of one, a name, or a glob.
	token    string
	reviewer string
	decision string
	note     string
	date     string
	by       string
}

// NewReviewsAdd makes the command reviews add.
func NewReviewsAdd(p *program.Program, run func(context.Context, ReviewOptions) error) *cobra.Command {
	o := ReviewOptions{placed: placed{program: p}}
	cmd := &cobra.Command{
		Use:   "add TOKEN",
		Short: "Add a review of a token to the configuration, or to the file of a team",
		Long: `Add writes a review at the end of the reviews of the configuration, or of a file of
reviews that the configuration names. Comments, order and layout of the file stay
as they are: if the result would say anything else than before and the review,
nothing is written, and the review is printed to be pasted.

TOKEN is the id of a token, or a glob; with a saved inventory or report, the end of an
id or a name will do, and a token that is not in it is refused.`,
		Example: `  tokenaudit reviews add access_tokens/312 --inventory inventory.json \
    --decision keep --reviewer ada@example.com --note "publishes the shop"
  tokenaudit reviews add "contentful/spaces/old/*" --decision revoke \
    --by 2026-12-06 --reviewer ada@example.com --note "the space was closed"`,
		Args: cli.Takes("TOKEN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.token = args[0]
			return run(cmd.Context(), o)
		},
	}
	o.bind(cmd, "reviews")
	f := cmd.Flags()
	f.StringVar(&o.decision, "decision", "", "what it came to, a `word`: keep, change or revoke (required)")
	cli.Group(f.Lookup("decision"), cli.EntryFlags)
	f.StringVar(&o.reviewer, "reviewer", "", "`who` looked at the token (required)")
	f.StringVar(&o.note, "note", "", "why, a `text` (required)")
	f.StringVar(&o.date, "date", "", "when, a `time`, RFC 3339 or YYYY-MM-DD (default now)")
	f.StringVar(&o.by, "by", "", "the last `day` on which a revocation is in time, YYYY-MM-DD (required with --decision revoke)")
	return cmd
}

// RunReviewsAdd adds a review.
func RunReviewsAdd(ctx context.Context, o ReviewOptions) error {
	now, err := options.Moment(o.at, o.program.Now)
	if err != nil {
		return err
	}
	if err := o.validate(now); err != nil {
		return err
	}
	if o.date == "" {
		o.date = now.UTC().Format(time.RFC3339)
	}
	cfg, err := o.program.Config(ctx, o.config, false)
	if err != nil {
		return err
	}
	have, err := o.read(ctx)
	if err != nil {
		return err
	}
	about, err := o.find(ctx, have, cfg.Owners, target{token: o.token, tokensOnly: true})
	if err != nil {
		return err
	}
	to, err := o.list(cfg, reviewEntries, about.teams)
	if err != nil {
		return err
	}
	line, err := o.add(ctx, to, []entries.Entry{o.entry(about.id)})
	if err != nil {
		return err
	}
	o.done(to, line, fmt.Sprintf("a review of %s: %s", about.id, o.decision))
	return nil
}

// validate states what is wrong with the flags.
func (o ReviewOptions) validate(now time.Time) error {
	var missing []string
	for _, f := range []struct{ name, value string }{{"--decision", o.decision}, {"--reviewer", o.reviewer}, {"--note", o.note}} {
		if strings.TrimSpace(f.value) == "" {
			missing = append(missing, f.name)
		}
	}
	var problems []error
	if len(missing) > 0 {
		problems = append(problems, fmt.Errorf("missing: %s: a review says who looked at the token, what was decided, and why", strings.Join(missing, ", ")))
	}
	revokes := o.decision == string(input.Revoke)
	switch {
	case o.decision != "" && !slices.Contains(input.Decisions(), input.Decision(o.decision)):
		problems = append(problems, fmt.Errorf("invalid --decision %q: expected keep, change or revoke", o.decision))
	case revokes && o.by == "":
		problems = append(problems, errors.New("--decision revoke needs --by, the last day on which the revocation is in time"))
	case !revokes && o.by != "":
		problems = append(problems, errors.New("--by is for --decision revoke alone: leave it out"))
	}
	if o.date != "" {
		from, _, err := reviews.ParseDate(o.date)
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("--date: %w", err))
		case from.After(now):
			problems = append(problems, fmt.Errorf("--date %s lies ahead: a review is written down after it was made", o.date))
		}
	}
	problems = append(problems, o.problems()...)
	if len(problems) > 0 {
		return cli.Misuse(errors.Join(problems...))
	}
	return nil
}

// entry is a review as a file has it.
func (o ReviewOptions) entry(token string) entries.Entry {
	e := entries.Entry{{Key: "token", Value: token}, {Key: "reviewer", Value: o.reviewer}, {Key: "date", Value: o.date}, {Key: "decision", Value: o.decision}}
	if o.by != "" {
		e = append(e, entries.Field{Key: "by", Value: o.by})
	}
	return append(e, entries.Field{Key: "note", Value: o.note})
}
