// Package history has the commands that read the store: history, which says what was and
// what became of it, and store, which prunes it.
package history

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/audit"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store"
)

// Options are the flags that say where the store is.
type Options struct {
	program *program.Program
	config  string
	store   string
}

// bind adds the flags to a command.
func (o *Options) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.config, "config", "c", "", "the configuration `file`, which may name the store (default tokenaudit.yaml, if it exists)")
	f.StringVar(&o.store, "store", "", "the `file` of SQLite that keeps the history of runs (default that of the configuration)")
}

// spare refuses to write over the store, and over what the configuration names.
func (o *Options) spare(cfg *config.Config, outputs ...string) error {
	inputs := append(places.OfConfig(cfg), places.Input{Path: o.store, Is: "the store"})
	return places.RefuseOverwrite(o.program.InFile, outputs, inputs)
}

// open opens the store for fn, and closes it. With create it is made where there is none.
func (o *Options) open(ctx context.Context, create bool, fn func(*store.Store, *config.Config) error) error {
	cfg, err := o.program.Config(ctx, o.config, true)
	if err != nil {
		return err
	}
	place, err := audit.StorePlace(ctx, o.program, cfg, o.store)
	if err != nil {
		return err
	}
	if place.IsZero() {
		return cli.Misuse(errors.New("no store is named: give --store FILE, or set store in the configuration"))
	}
	open := store.OpenExisting
	if create {
		open = store.Open
	}
	s, err := open(ctx, place)
	if err != nil {
		return err
	}
	return errors.Join(fn(s, cfg), s.Close())
}

// New makes the command history.
func New(p *program.Program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Show what a store knows: runs, findings, the history of a token, trends",
		Long: `History reads the store that scan and evaluate write with --store: what runs saw, since
when a finding is open, what became of it, and what a token could do at which time.
Nothing is sent.`,
		Args: cobra.ArbitraryArgs,
		RunE: cli.ShowHelp,
	}
	cmd.AddCommand(newRuns(p), newFindings(p), newToken(p), newTrend(p), newShow(p), newExport(p), newImport(p))
	return cmd
}

// NewStore makes the command store.
func NewStore(p *program.Program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Prune the history in a store",
		Args:  cobra.ArbitraryArgs,
		RunE:  cli.ShowHelp,
	}
	cmd.AddCommand(newPrune(p))
	return cmd
}

// endOf is the end of a day that is given as a date, and any other time as it is.
func endOf(text string) (time.Time, error) {
	at, err := options.ParseTime("at", text)
	if err != nil {
		return at, cli.Misuse(err)
	}
	if _, err := time.Parse(time.DateOnly, text); err == nil {
		at = at.AddDate(0, 0, 1).Add(-time.Second)
	}
	return at, nil
}

// shown is how lists show a time: empty for none.
func shown(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
