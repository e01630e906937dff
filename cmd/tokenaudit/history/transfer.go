package history

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/deliver"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/report/output"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

type fileOptions struct {
	Options

	file string
}

func newExport(p *program.Program) *cobra.Command {
	o := fileOptions{Options: Options{program: p}}
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write all that a store knows, as JSON lines",
		Long: `Export writes the runs of a store as JSON lines, each as what differs from the run
before. Import adds them to another store; a pipeline that keeps an artifact and no
store keeps that. Two stores that hold the same runs export the same bytes.`,
		Example: "  tokenaudit history export --store tokenaudit.db -o history.jsonl",
		Args:    cli.Takes(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runExport(cmd.Context(), o) },
	}
	o.bind(cmd)
	cmd.Flags().StringVarP(&o.file, "output", "o", output.Stdout, "write to this `file`")
	return cmd
}

func runExport(ctx context.Context, o fileOptions) error {
	if err := places.Check("-o", o.file); err != nil {
		return cli.Misuse(err)
	}
	return o.open(ctx, false, func(s *store.Store, cfg *config.Config) error {
		if err := o.spare(cfg, o.file); err != nil {
			return err
		}
		return deliver.Document(ctx, o.program.Out, o.file, func(w io.Writer) error { return s.Export(ctx, w) })
	})
}

func newImport(p *program.Program) *cobra.Command {
	o := fileOptions{Options: Options{program: p}}
	cmd := &cobra.Command{
		Use:   "import HISTORY.jsonl",
		Short: "Add the runs of an export to a store",
		Long: `Import adds the runs that history export has written to a store, which is made where
there is none. Runs that it has already are left as they are; all are added, or none.
- reads standard input.`,
		Example: "  tokenaudit history import history.jsonl --store tokenaudit.db",
		Args:    cli.Takes("HISTORY.jsonl"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file = args[0]
			return runImport(cmd.Context(), o)
		},
	}
	o.bind(cmd)
	return cmd
}

func runImport(ctx context.Context, o fileOptions) error {
	return o.open(ctx, true, func(s *store.Store, _ *config.Config) error {
		in := o.program.In
		if o.file != output.Stdout {
			f, err := interruptible.Open(ctx, o.file)
			if err != nil {
				return fmt.Errorf("history: %w", err)
			}
			defer func() { _ = f.Close() }() // it was only read
			in = f
		}
		out, err := s.Import(ctx, in)
		if err != nil {
			return err
		}
		if out.Known {
			o.program.Note("the store had all of these runs already")
		} else {
			o.program.Note("imported; the last of the runs is run %d", out.Run)
		}
		return nil
	})
}

type pruneOptions struct {
	Options

	keep string
}

func newPrune(p *program.Program) *cobra.Command {
	o := pruneOptions{Options: Options{program: p}}
	cmd := &cobra.Command{
		Use:   "prune --keep DAYS",
		Short: "Delete old history",
		Long: `Prune deletes what ended longer ago than --keep: what runs saw, versions of tokens, and
findings that are over. Tokens that are there and findings that are open keep their
whole history. What is deleted cannot be restored.`,
		Example: "  tokenaudit store prune --keep 400d",
		Args:    cli.Takes(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runPrune(cmd.Context(), o) },
	}
	o.bind(cmd)
	cmd.Flags().StringVar(&o.keep, "keep", "", "how many `days` of history are kept, such as 400d")
	return cmd
}

var days = regexp.MustCompile(`^([1-9][0-9]{0,4})d$`)

func runPrune(ctx context.Context, o pruneOptions) error {
	if o.keep == "" {
		return cli.Misuse(errors.New("--keep is missing: it says how much history is kept, for example --keep 400d"))
	}
	match := days.FindStringSubmatch(o.keep)
	if match == nil {
		return cli.Misuse(fmt.Errorf("invalid --keep %q: expected days, for example 400d", o.keep))
	}
	n, err := strconv.Atoi(match[1])
	if err != nil {
		return cli.Misuse(err)
	}
	return o.open(ctx, false, func(s *store.Store, _ *config.Config) error {
		before := o.program.Now().UTC().AddDate(0, 0, -n)
		forgotten, err := s.Prune(ctx, before)
		if err != nil {
			return err
		}
		o.program.Note("deleted what ended before %s: %s", before.Format(time.DateOnly), safetext.Plural(forgotten, "run", "runs"))
		return nil
	})
}
