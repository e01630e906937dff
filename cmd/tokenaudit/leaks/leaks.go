// Package leaks is the command leaks: it reads the live secrets of the configured
// sources, and looks for them in files, folders and histories.
package leaks

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/collection"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/collectors/exposure"
	"github.com/tokenaudit/tokenaudit/collectors/exposure/search"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/report"
)

// stdin is the argument for standard input.
const stdin = "-"

// Options are the flags and arguments.
type Options struct {
	program *program.Program
	options.Read
	paths     []string
	format    string
	noHistory bool
	noFail    bool
}

// New makes the command.
func New(p *program.Program, run func(context.Context, Options) error) *cobra.Command {
	o := Options{program: p}
	cmd := &cobra.Command{
		Use:   "leaks PATH...",
		Short: "Look for the live secrets of tokens in files, folders and git histories",
		Long: `Leaks reads the configured sources as scan does, and looks for the secrets of their
tokens in files, in folders with the histories of the git repositories in them, and
in standard input (-). It knows no patterns: it finds the secrets themselves,
so there are no false alarms. It prints the token, the file, the line and the commit
that added it, never the secret, and keeps no secret: see SECURITY.md.

Only tokens can be found whose CMS shows their secrets in lists: API keys of
Contentful, delivery tokens of Contentstack, API tokens of DatoCMS and API keys of
Ghost. A secret that is compressed, encoded or cut in two is not found.

It exits 1 when a secret was found, 3 when a list, a file or a history could not be
read, or when there are active tokens whose secrets no list shows, and 0 when
everything was compared and nothing found.`,
		Example: `  tokenaudit leaks .
  tokenaudit leaks -o sarif ~/src/website ~/src/app > leaks.sarif
  kubectl logs deploy/web | tokenaudit leaks -`,
		Args: cli.Takes("PATH..."),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.paths = args
			return run(cmd.Context(), o)
		},
	}
	o.Bind(cmd)
	cmd.Flags().StringVarP(&o.format, "output", "o", formats[0], "`format`: "+strings.Join(formats, ", "))
	cmd.Flags().BoolVar(&o.noHistory, "no-history", false, "search the files of a repository as they are now, and not its history")
	cmd.Flags().BoolVar(&o.noFail, "no-fail", false, "exit 0 instead of 1 or 3")
	return cmd
}

// validate states what is wrong with the flags and arguments.
func (o Options) validate() error {
	if !slices.Contains(formats, o.format) {
		return cli.Misuse(fmt.Errorf("unknown format %q for -o: expected one of %s", o.format, strings.Join(formats, ", ")))
	}
	for i, path := range o.paths {
		if slices.Contains(o.paths[:i], path) {
			return cli.Misuse(fmt.Errorf("%s is given twice", path))
		}
	}
	return nil
}

// Run reads the sources, searches, and writes what was found.
func Run(ctx context.Context, o Options) error {
	if err := o.validate(); err != nil {
		return err
	}
	r, err := o.program.Collection(ctx, o.Read)
	if err != nil {
		return err
	}
	secrets, err := exposure.New(o.program.Random)
	if err != nil {
		return err
	}
	defer secrets.Close()
	found, err := read(ctx, r, secrets)
	if err != nil {
		return err
	}
	s := search.New(secrets)
	for _, path := range o.paths {
		if err := one(ctx, s, path, o.program.In, !o.noHistory); err != nil {
			return err
		}
	}
	found.finish(s)
	if err := found.write(o.program.Out, o.format, o.program.Tool, o.program.Page()); err != nil {
		return err
	}
	for _, line := range found.remarks() {
		o.program.Warn("%s", line)
	}
	o.program.Note("%s", found.summary(secrets.Len()))
	if code := found.exitCode(); code != report.ExitClean && !o.noFail {
		return cli.VerdictError{Code: code}
	}
	return nil
}

// read reads the sources, and hashes the secrets of their lists.
func read(ctx context.Context, r *collection.Collection, secrets *exposure.Secrets) (*result, error) {
	r.Secrets = secrets
	found := &result{tokens: map[string]inventory.Token{}}
	err := r.Collect(ctx, func(s inventory.Source) error {
		found.take(s, secrets, r.Now())
		return nil
	})
	return found, err
}

func one(ctx context.Context, s *search.Search, path string, in io.Reader, history bool) error {
	if path == stdin {
		return s.Stream(ctx, in, "standard input")
	}
	if err := s.Path(ctx, path, history); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return cli.Misuse(err)
	}
	return nil
}

// take takes a source in: the lists of it that were not read, and the active tokens whose
// secrets cannot be compared.
func (r *result) take(s inventory.Source, secrets *exposure.Secrets, now time.Time) {
	for _, u := range s.Units {
		if len(u.Kinds) > 0 && u.Status != inventory.UnitComplete {
			r.NotRead = append(r.NotRead, notRead{Source: s.ID, List: u.Name, Error: u.Error, Detail: u.Detail})
		}
	}
	hidden := map[inventory.Kind]int{}
	for i := range s.Tokens {
		t := &s.Tokens[i]
		r.all++
		switch {
		case t.Planned != "":
		case secrets.Compared(t.ID):
			r.tokens[t.ID] = inventory.Token{ID: t.ID, CMS: t.CMS, Source: t.Source, Name: t.Name, Kind: t.Kind}
		case input.Derive(t, now).Status == input.Active:
			hidden[t.Kind]++
		}
	}
	for _, kind := range inventory.AllKinds() {
		if n := hidden[kind]; n > 0 {
			r.NotCompared = append(r.NotCompared, notCompared{Source: s.ID, CMS: s.CMS, Kind: kind, Tokens: n})
		}
	}
}
