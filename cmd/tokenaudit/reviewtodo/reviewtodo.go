// Package reviewtodo has the command reviews todo: it lists the tokens whose access a person
// has to look at, and those that were to be revoked.
package reviewtodo

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/documents"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/engine"
	"github.com/tokenaudit/tokenaudit/policies/reviews"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/table"
)

// revocation is the rule about revocations; the other one is about reviews.
const revocation = "revocation-overdue"

// rules decide what is due, so that the list and an audit never differ.
func rules() []string { return []string{revocation, "token-not-reviewed"} }

// Options are the flags and the arguments of reviews todo.
type Options struct {
	program     *program.Program
	config      string
	at          string
	inventories []string
	format      string
}

// New makes the command reviews todo.
func New(p *program.Program, run func(context.Context, Options) error) *cobra.Command {
	o := Options{program: p}
	cmd := &cobra.Command{
		Use:   "todo INVENTORY.json...",
		Short: "List the tokens whose review is due, by team and owner",
		Long: `Todo judges saved inventories by the rules token-not-reviewed and revocation-overdue,
with the settings of the configuration, and lists what they find, by the team that
answers for a token and by its owner. Without reviews in the configuration every token
is due. Nothing is sent.

It exits 1 when a review or a revocation is due, 3 when none is but nobody knows whether
one is, or a list of tokens was not read, and 0 otherwise.`,
		Example: `  tokenaudit reviews todo inventory.json
  tokenaudit collect | tokenaudit reviews todo -o json -`,
		Args: cli.Takes("INVENTORY.json..."),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.inventories = args
			return run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.config, "config", "c", "", "the configuration `file` (default tokenaudit.yaml)")
	f.StringVar(&o.at, "at", "", "the audit `time`, RFC 3339 or YYYY-MM-DD (default that of the collection)")
	cli.BindListFormat(cmd, &o.format)
	return cmd
}

// The states of a token, in the order of the list.
const (
	stateRevoke  = "revoke"
	stateReview  = "review"
	stateUnknown = "unknown"
)

// due is a token, as reviews todo -o json has it.
type due struct {
	// State is revoke, review, or unknown: nobody knows whether something is due.
	State string `json:"state"`
	// Team is that which answers for the token; left out for none.
	Team string `json:"team,omitempty"`
	// Owner is that which the CMS tells; left out where it tells none.
	Owner  string `json:"owner,omitempty"`
	Token  string `json:"token"`
	Name   string `json:"name"`
	Source string `json:"source"`
	// Reviewed and Reviewer are of the last review; left out for none.
	Reviewed string `json:"reviewed,omitempty"`
	Reviewer string `json:"reviewer,omitempty"`
	Why      string `json:"why"`
}

// unread is a list of tokens that was not read, or not wholly.
type unread struct {
	Source string `json:"source"`
	Why    string `json:"why"`
}

// todo is what reviews todo -o json prints.
type todo struct {
	Due    []due    `json:"due"`
	Unread []unread `json:"unread"`
}

// Run lists what is due.
func Run(ctx context.Context, o Options) error {
	if err := cli.CheckListFormat(o.format); err != nil {
		return err
	}
	if err := places.ReadOnce(places.InputsAs("an inventory", o.inventories)); err != nil {
		return err
	}
	at, err := options.ParseTime("at", o.at)
	if err != nil {
		return cli.Misuse(err)
	}
	cfg, err := o.program.Config(ctx, o.config, false)
	if err != nil {
		return err
	}
	if cfg.Reviews == nil {
		cfg.Reviews = []reviews.Review{}
		o.program.Note("%s has no reviews: every token is due; `tokenaudit reviews add` writes the first", cfg.File)
	}
	judge, err := program.Rules(ctx, cfg, nil, rules())
	if err != nil {
		return err
	}
	files, err := o.program.Saved().Inventories(ctx, o.inventories)
	if err != nil {
		return err
	}
	list, at, err := find(ctx, judge, files, at, o.program.Now())
	if err := errors.Join(err, files.Close()); err != nil {
		return err
	}
	o.program.WarnAll(cfg.ReviewWarnings(at))
	if err := list.print(o.program.Streams, o.format); err != nil {
		return err
	}
	if code := list.code(); code != report.ExitClean {
		return cli.VerdictError{Code: code}
	}
	return nil
}

// find judges the inventories at a time, or, where that is zero, at the time of their
// collection.
func find(ctx context.Context, judge *engine.Engine, files documents.Inventories, at, now time.Time) (todo, time.Time, error) {
	list := todo{Due: []due{}, Unread: []unread{}}
	if at.IsZero() {
		var err error
		if at, err = files.CollectedUntil(ctx); err != nil {
			return list, at, err
		}
		if at.IsZero() {
			at = now.UTC()
		}
	}
	err := files.Read(ctx, func(s inventory.Source) error {
		result, err := judge.Evaluate(ctx, s, at)
		if err == nil {
			list.add(&s, &result)
		}
		return err
	})
	list.sort()
	return list, at, err
}

// add adds what is due of a source.
func (l *todo) add(s *inventory.Source, result *policies.Result) {
	place := make(map[string]int, len(s.Tokens))
	for i := range s.Tokens {
		place[s.Tokens[i].ID] = i
	}
	seen := map[unread]bool{}
	for _, v := range result.Verdicts {
		i, isToken := place[v.Token]
		switch {
		case v.Status != policies.Fail && v.Status != policies.NotEvaluated:
			continue
		case !isToken:
			// Both rules lack the same lists.
			if u := (unread{s.ID, v.Reason}); !seen[u] {
				seen[u] = true
				l.Unread = append(l.Unread, u)
			}
			continue
		}
		t := &s.Tokens[i]
		d := due{State: stateReview, Team: result.Derived[i].Team, Owner: cmp.Or(t.Owner.Name, t.Owner.ID), Token: t.ID, Name: t.Name, Source: s.ID, Why: v.Message}
		if review := result.Derived[i].Review; review != nil {
			d.Reviewed, d.Reviewer = review.Date, review.Reviewer
		}
		switch {
		case v.Status == policies.NotEvaluated:
			d.State, d.Why = stateUnknown, v.Reason
		case v.Rule == revocation:
			d.State = stateRevoke
		}
		l.Due = append(l.Due, d)
	}
}

// sort orders the list by team, with what no team answers for at the end, and by owner.
func (l *todo) sort() {
	states := []string{stateRevoke, stateReview, stateUnknown}
	last := func(name string) int {
		if name == "" {
			return 1
		}
		return 0
	}
	slices.SortFunc(l.Due, func(a, b due) int {
		return cmp.Or(cmp.Compare(last(a.Team), last(b.Team)), cmp.Compare(a.Team, b.Team), cmp.Compare(last(a.Owner), last(b.Owner)), cmp.Compare(a.Owner, b.Owner),
			cmp.Compare(slices.Index(states, a.State), slices.Index(states, b.State)), cmp.Compare(a.Token, b.Token), cmp.Compare(a.Why, b.Why))
	})
}

// code is the exit code that all comes to.
func (l *todo) code() int {
	switch {
	case slices.ContainsFunc(l.Due, func(d due) bool { return d.State != stateUnknown }):
		return report.ExitFindings
	case len(l.Due) > 0 || len(l.Unread) > 0:
		return report.ExitIncomplete
	}
	return report.ExitClean
}

func (l *todo) print(to *console.Streams, format string) error {
	if format == "json" {
		return safetext.WriteJSON(to.Out, l)
	}
	rows := make([][]string, len(l.Due))
	for i, d := range l.Due {
		rows[i] = []string{d.Team, d.Owner, d.State, d.Token, d.Reviewed, d.Why}
	}
	columns := []table.Column{{Title: "TEAM"}, {Title: "OWNER"}, {Title: "STATE", Kind: table.ColumnWhole}, {Title: "TOKEN", Kind: table.ColumnID}, {Title: "REVIEWED", Kind: table.ColumnWhole}, {Title: "WHY", Kind: table.ColumnProse}}
	if err := cli.PrintTable(to, format, columns, rows); err != nil {
		return err
	}
	if len(l.Unread) > 0 {
		to.Note("%s of tokens could not be read, such as of %s (%s): tokens in them may be due", safetext.Plural(len(l.Unread), "list", "lists"),
			safetext.OneLine(l.Unread[0].Source), safetext.OneLine(l.Unread[0].Why))
	}
	return nil
}
