// Package ownercheck has the command owners check: it names tokens that no team answers for,
// and patterns of owners that match nothing.
package ownercheck

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/owners"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/table"
)

// Options are the flags and the arguments of owners check.
type Options struct {
	program     *program.Program
	config      string
	inventories []string
	at          string
	format      string
}

// New makes the command owners, with owners check below it.
func New(p *program.Program, run func(context.Context, Options) error) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "owners",
		Short: "Check which tokens no team answers for",
		Args:  cobra.ArbitraryArgs,
		RunE:  cli.ShowHelp,
	}
	cmd.AddCommand(newCheck(p, run))
	return cmd
}

func newCheck(p *program.Program, run func(context.Context, Options) error) *cobra.Command {
	o := Options{program: p}
	cmd := &cobra.Command{
		Use:   "check INVENTORY.json...",
		Short: "Name tokens without a team, and patterns of owners that match nothing",
		Long: `Check applies the owners of the configuration to saved inventories. It names each
token that no team answers for, and says of each pattern how many tokens it matches
and for how many of them it decides, because the last pattern that matches wins.
Nothing is sent.

It exits 1 when a token has no team or a pattern matches nothing, 3 when neither is so
but a list of tokens was not read, which no accept_gaps or accept_empty covers, or the
owner that a pattern asks for is unknown, and 0 otherwise.`,
		Example: `  tokenaudit owners check inventory.json
  tokenaudit collect | tokenaudit owners check -o tsv -`,
		Args: cli.Takes("INVENTORY.json..."),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.inventories = args
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVarP(&o.config, "config", "c", "", "the configuration `file` (default tokenaudit.yaml)")
	cmd.Flags().StringVar(&o.at, "at", "", "the `time` at which accepted gaps are checked, RFC 3339 or YYYY-MM-DD (default now)")
	cli.BindListFormat(cmd, &o.format)
	return cmd
}

// checkedOwners is what owners check -o json prints.
type checkedOwners struct {
	// Patterns are in the order of the configuration, of which the last one wins.
	Patterns []checkedPattern  `json:"patterns"`
	Tokens   []unassignedToken `json:"unassigned"`
	// Unread are the lists of tokens that were not wholly read.
	Unread []unreadList `json:"unread"`
}

type checkedPattern struct {
	State   string           `json:"state"`
	Team    string           `json:"team"`
	Pattern string           `json:"pattern"`
	Matches int              `json:"matches"`
	Decides int              `json:"decides"`
	Origin  inventory.Origin `json:"origin"`
}

type unassignedToken struct {
	Token  string `json:"token"`
	Name   string `json:"name"`
	Source string `json:"source"`
	// Owner is that which the CMS tells; empty where it tells none.
	Owner string `json:"owner,omitempty"`
	// Unknown says why a team may answer for the token; empty where none does.
	Unknown string `json:"unknown,omitempty"`
}

type unreadList struct {
	Source string `json:"source"`
	Unit   string `json:"unit"`
	// Accepted: an accepted gap covers it.
	Accepted bool `json:"accepted"`
}

// Run checks the owners of a configuration against saved inventories.
func Run(ctx context.Context, o Options) error {
	if err := cli.CheckListFormat(o.format); err != nil {
		return err
	}
	if err := places.ReadOnce(places.InputsAs("an inventory", o.inventories)); err != nil {
		return err
	}
	at, err := options.Moment(o.at, o.program.Now)
	if err != nil {
		return err
	}
	cfg, err := o.program.Config(ctx, o.config, false)
	if err != nil {
		return err
	}
	if len(cfg.Owners) == 0 {
		return fmt.Errorf("%s assigns no tokens to teams: add owners, for example owners: [{team: web, owns: [{source: contentful/*}]}]", cfg.File)
	}
	files, err := o.program.Saved().Inventories(ctx, o.inventories)
	if err != nil {
		return err
	}
	check := owners.Check{Patterns: cfg.Owners}
	read := report.Report{At: at, AcceptedGaps: cfg.AcceptGaps}
	err = files.Read(ctx, func(s inventory.Source) error {
		check.Add(&s)
		read.Sources = append(read.Sources, report.WithoutTokens(s))
		return nil
	})
	part, errPart := files.Restrict(nil)
	if err := errors.Join(err, errPart, files.Close()); err != nil {
		return err
	}
	unread := unreadLists(&read)
	checked, code := checkOwners(&check, unread, part != nil)
	if err := printOwners(o.program.Streams, checked, o.format); err != nil {
		return err
	}
	noteUnread(o.program.Streams, cfg, unread, part != nil)
	if code != report.ExitClean {
		return cli.VerdictError{Code: code}
	}
	return nil
}

// unreadLists returns the lists of tokens that were not wholly read.
func unreadLists(r *report.Report) []unreadList {
	r.Settle() // which judges the accepted gaps
	lists := []unreadList{}
	for _, unit := range r.Unread() {
		if len(unit.Kinds) > 0 {
			lists = append(lists, unreadList{unit.Source, unit.Name, unit.Accepted != nil})
		}
	}
	return lists
}

// checkOwners says what becomes of each pattern, and the exit code that all comes to.
// part: the inventories are a part of what is configured.
func checkOwners(c *owners.Check, unread []unreadList, part bool) (checkedOwners, int) {
	checked := checkedOwners{Patterns: []checkedPattern{}, Tokens: []unassignedToken{}, Unread: unread}
	wrong, open := false, slices.ContainsFunc(unread, func(l unreadList) bool { return !l.Accepted })
	uses := c.Uses
	if uses == nil { // there is no source
		uses = make([]owners.Use, len(c.Patterns))
	}
	for i := range c.Patterns {
		p, use := &c.Patterns[i], uses[i]
		state := "matches " + safetext.Plural(use.Matches, "token", "tokens")
		switch {
		case use.Matches > 0:
		case use.Sources > 0:
			state = "matches sources without tokens"
		case use.MayMatch > 0:
			state, open = fmt.Sprintf("matches nothing; the owners of %s are unknown", safetext.Plural(use.MayMatch, "token", "tokens")), true
		case part || len(unread) > 0:
			state = "matches nothing that was read"
		default:
			state, wrong = "matches nothing", true
		}
		checked.Patterns = append(checked.Patterns, checkedPattern{state, p.Team, p.String(), use.Matches, use.Decides, p.Origin})
	}
	for i := range c.Unassigned {
		t := &c.Unassigned[i]
		wrong, open = wrong || t.Unknown == "", open || t.Unknown != ""
		name := t.Token.Owner.Name
		if name == "" {
			name = t.Token.Owner.ID
		}
		checked.Tokens = append(checked.Tokens, unassignedToken{t.Token.ID, t.Token.Name, t.Token.Source, name, t.Unknown})
	}
	switch {
	case wrong:
		return checked, report.ExitFindings
	case open:
		return checked, report.ExitIncomplete
	}
	return checked, report.ExitClean
}

// printOwners prints the patterns, and below them the tokens without a team.
func printOwners(to *console.Streams, checked checkedOwners, format string) error {
	if format == "json" {
		return safetext.WriteJSON(to.Out, checked)
	}
	rows := make([][]string, len(checked.Patterns))
	for i, p := range checked.Patterns {
		rows[i] = []string{p.State, p.Team, p.Pattern, strconv.Itoa(p.Decides), fmt.Sprintf("%s:%d", p.Origin.File, p.Origin.Line)}
	}
	columns := []table.Column{{Title: "STATE", Kind: table.ColumnProse}, {Title: "TEAM"}, {Title: "PATTERN", Kind: table.ColumnID}, {Title: "DECIDES", Kind: table.ColumnWhole}, {Title: "WHERE", Kind: table.ColumnID}}
	if err := cli.PrintTable(to, format, columns, rows); err != nil || len(checked.Tokens) == 0 {
		return err
	}
	if _, err := fmt.Fprintln(to.Out, "\nWITHOUT A TEAM"); err != nil {
		return err
	}
	rows = make([][]string, len(checked.Tokens))
	for i, t := range checked.Tokens {
		rows[i] = []string{t.Token, t.Name, t.Owner, t.Unknown}
	}
	columns = []table.Column{{Title: "TOKEN", Kind: table.ColumnID}, {Title: "NAME"}, {Title: "OWNER"}, {Title: "UNKNOWN", Kind: table.ColumnProse}}
	return cli.PrintTable(to, format, columns, rows)
}

// noteUnread says which tokens were not looked at.
func noteUnread(to *console.Streams, cfg *config.Config, unread []unreadList, part bool) {
	if len(unread) > 0 {
		to.Note("%s of tokens could not be read, such as %s of %s: any team of %s may have tokens there",
			safetext.Plural(len(unread), "list", "lists"), unread[0].Unit, safetext.OneLine(unread[0].Source), cfg.File)
	}
	if part {
		to.Note("the inventory is of a part of the sources: a pattern may match what it does not have")
	}
}
