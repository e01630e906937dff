package decisions

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/entries"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/suggest"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/owners"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// GapOptions are the flags and arguments of gaps accept.
type GapOptions struct {
	signed
	// source is an id or a name, or a glob.
	source string
	// units are the names of lists, or globs; empty for all that a role or a plan keeps closed.
	units []string
	// empty: the lists are known to be empty.
	empty bool
}

// NewGaps makes the command gaps.
func NewGaps(p *program.Program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gaps",
		Short: "Accept that lists cannot be read, or are empty",
		Args:  cobra.ArbitraryArgs,
		RunE:  cli.ShowHelp,
	}
	cmd.AddCommand(newGapsAccept(p, runGapsAccept))
	return cmd
}

func newGapsAccept(p *program.Program, run func(context.Context, GapOptions) error) *cobra.Command {
	o := GapOptions{signed: signed{placed: placed{program: p}}}
	cmd := &cobra.Command{
		Use:   "accept SOURCE [LIST...]",
		Short: "Accept, until a day, that lists of a source cannot be read, or are empty",
		Long: `Accept writes an entry to the accept_gaps of the configuration, or of a file of
waivers, for each list. Comments, order and layout of the file stay as they are,
as with waivers add.

SOURCE is the id of a source, or a glob; LIST is a list as a report names it, or a
glob. With a saved inventory or report, the name of a source will do, a list that
was read is refused, and without a LIST those are taken that a role or a plan keeps
closed (permission_denied, doubted_empty): what failed for another reason may be
read tomorrow.

A list that came back empty to a credential that might not see what is in it is not
believed (doubted_empty). With --empty the entry goes to accept_empty: it says that
the list is known to be empty, and covers nothing else. The LIST * says that the
source has no tokens at all.`,
		Example: `  tokenaudit gaps accept contentstack/stacks/blt0123 --report report.json \
    --reason "no owner rights there yet" --owner web@example.com \
    --approved-by security@example.com --expires 2027-02-28`,
		Args: cli.Takes("SOURCE", "[LIST...]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.source, o.units = args[0], args[1:]
			return run(cmd.Context(), o)
		},
	}
	o.bind(cmd)
	cmd.Flags().BoolVar(&o.empty, "empty", false, "the lists came back empty, and are known to be (accept_empty)")
	return cmd
}

func runGapsAccept(ctx context.Context, o GapOptions) error {
	now, cfg, have, err := o.begin(ctx)
	if err != nil {
		return err
	}
	source, units, teams, err := o.lists(ctx, have, cfg.Owners)
	if err != nil {
		return err
	}
	if units, err = o.unlessAccepted(cfg, source, units, now); err != nil {
		return err
	}
	of, what := gapEntries, "an accepted gap"
	if o.empty {
		of, what = emptyEntries, "an accepted empty list"
	}
	to, err := o.list(cfg, of, teams)
	if err != nil {
		return err
	}
	all := make([]entries.Entry, len(units))
	for i, unit := range units {
		all[i] = append(entries.Entry{{Key: "source", Value: source}, {Key: "unit", Value: unit}}, o.signature()...)
	}
	line, err := o.add(ctx, to, all)
	if err != nil {
		return err
	}
	o.done(to, line, fmt.Sprintf("%s of %s (%s) until %s", what, source, strings.Join(units, ", "), o.expires))
	return nil
}

// lists returns the id or glob of the source, the lists of it, and the teams that answer for
// it, as far as they are known.
func (o GapOptions) lists(ctx context.Context, have known, patterns owners.Patterns) (source string, units, teams []string, err error) {
	if have.sources == nil {
		switch {
		case len(o.units) == 0:
			return "", nil, nil, cli.Misuse(errors.New("name the lists, or give --inventory or --report to accept those that a role or a plan keeps closed"))
		case !strings.Contains(o.source, "/") && !strings.Contains(o.source, "*"):
			return "", nil, nil, cli.Misuse(fmt.Errorf("%q is not the id of a source, such as contentstack/stacks/blt0123: give an id, or --inventory or --report to find it by its name", o.source))
		}
		o.unseen(o.source)
		return o.source, o.units, nil, nil
	}
	found, answer := map[string]*inventory.Source{}, map[string]bool{}
	near := suggest.NewSearch(o.source)
	err = have.sources(ctx, func(s inventory.Source) error {
		near.Offer(s.ID, s.ID)
		near.Offer(s.Name, s.ID)
		if policies.Glob(o.source, s.ID) || s.Name == o.source {
			s.Tokens = nil
			found[s.ID] = &s
			answer[patterns.Team(&s, nil)] = true
		}
		return nil
	})
	ids := slices.Sorted(maps.Keys(found))
	source = o.source
	switch glob := strings.Contains(o.source, "*"); {
	case err != nil:
	case len(ids) == 0:
		err = fmt.Errorf("%s: unknown source %q%s", o.from(), o.source, near.DidYouMean())
	case len(ids) > 1 && !glob:
		err = fmt.Errorf("%d sources are called %q, such as %s; give the id", len(ids), o.source, strings.Join(ids[:2], " and "))
	case !glob:
		source = ids[0]
		if strings.Contains(source, "*") {
			err = fmt.Errorf("the id %q has a *, which would match other sources, too", source)
		}
	}
	if err != nil {
		return "", nil, nil, err
	}
	units, err = o.closed(slices.Collect(maps.Values(found)))
	delete(answer, "")
	return source, units, slices.Sorted(maps.Keys(answer)), err
}

// closed returns the lists that are to be accepted: those that are named, which must not have
// been read, else those that a role or a plan keeps closed.
func (o GapOptions) closed(sources []*inventory.Source) ([]string, error) {
	closed, other := map[string]bool{}, map[string]bool{}
	for _, s := range sources {
		for _, u := range s.Units {
			switch {
			case u.Status == inventory.UnitComplete:
			case u.Error == inventory.ErrDoubtedEmpty, u.Error == inventory.ErrPermissionDenied && !o.empty:
				closed[u.Name] = true
			default:
				other[fmt.Sprintf("%s (%s)", u.Name, u.Error)] = true
			}
		}
	}
	if len(o.units) == 0 {
		if len(closed) == 0 {
			failed := ""
			if o.empty {
				return nil, fmt.Errorf("%s: no list of %s came back empty and is doubted for that", o.from(), o.source)
			}
			if len(other) > 0 {
				failed = "; failed for other reasons: " + strings.Join(slices.Sorted(maps.Keys(other)), ", ") + ": name a list to accept it anyway"
			}
			return nil, fmt.Errorf("%s: no list of %s is kept closed by a role or a plan%s", o.from(), o.source, safetext.OneLine(failed))
		}
		return slices.Sorted(maps.Keys(closed)), nil
	}
	for _, glob := range o.units {
		if err := o.unread(glob, sources); err != nil {
			return nil, err
		}
	}
	return o.units, nil
}

// unread refuses a list that the sources do not have, or that was read of all of them.
func (o GapOptions) unread(glob string, sources []*inventory.Source) error {
	found := false
	near := suggest.NewSearch(glob)
	for _, s := range sources {
		for _, u := range s.Units {
			near.Offer(u.Name, u.Name)
			if !policies.Glob(glob, u.Name) {
				continue
			}
			if found = true; u.Status != inventory.UnitComplete && (!o.empty || u.Error == inventory.ErrDoubtedEmpty) {
				return nil
			}
		}
	}
	switch {
	case found && o.empty:
		return fmt.Errorf("%s: the list %s of %s is not in doubt for being empty: --empty would cover nothing", o.from(), glob, o.source)
	case found:
		return fmt.Errorf("%s: the list %s of %s was read: there is nothing to accept", o.from(), glob, o.source)
	}
	return fmt.Errorf("%s: %s has no list %q%s", o.from(), o.source, glob, near.DidYouMean())
}

// unlessAccepted leaves out the lists that are accepted already, and refuses if none is left
// or one was named.
func (o GapOptions) unlessAccepted(cfg *config.Config, source string, units []string, now time.Time) ([]string, error) {
	var left []string
	for _, unit := range units {
		i := slices.IndexFunc(cfg.AcceptGaps, func(g report.AcceptedGap) bool {
			return g.Empty == o.empty && g.Covers(source, unit) && !expired(g.Expires, now)
		})
		if i < 0 {
			if !slices.Contains(left, unit) {
				left = append(left, unit)
			}
			continue
		}
		old := cfg.AcceptGaps[i]
		err := fmt.Errorf("%s:%d: an accepted gap of %s covers %s already, until %s; change its expiry there", old.Origin.File, old.Origin.Line,
			safetext.OneLine(old.Source), safetext.OneLine(unit), old.Expires)
		if len(o.units) > 0 {
			return nil, err
		}
		o.program.Note("%v", err)
	}
	if len(left) == 0 {
		return nil, errors.New("all lists that a role or a plan keeps closed are accepted already")
	}
	return left, nil
}
