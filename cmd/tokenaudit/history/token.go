package history

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/audit"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/table"
)

type tokenOptions struct {
	Options

	token  string
	format string
}

func newToken(p *program.Program) *cobra.Command {
	o := tokenOptions{Options: Options{program: p}}
	cmd := &cobra.Command{
		Use:   "token TOKEN",
		Short: "Show the history of a token",
		Long: `Token tells what runs saw of one token: since when it is there, what it could do and what
changed of that, what was found and what became of it, and who reviewed it. TOKEN is the
id of a token, or the end of one. Times are those of the runs that saw something first.`,
		Example: "  tokenaudit history token datocms/projects/77/access_tokens/312",
		Args:    cli.Takes("TOKEN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.token = args[0]
			return runToken(cmd.Context(), o)
		},
	}
	o.bind(cmd)
	cli.BindListFormat(cmd, &o.format)
	return cmd
}

// life is what history token -o json prints.
type life struct {
	Token     string          `json:"token"`
	FirstSeen time.Time       `json:"first_seen"`
	Versions  []store.Version `json:"versions"`
	Findings  []store.Span    `json:"findings"`
	Events    []event         `json:"events"`
}

// event is something that happened to a token.
type event struct {
	// At is the time of the run that saw it first.
	At time.Time `json:"at"`
	// What is one line.
	What string `json:"what"`
}

// PrintPast prints what the runs in a store saw of a token, until a moment or all of it: in the
// file that is named, else where the configuration says. It prints nothing without a store.
func PrintPast(ctx context.Context, p *program.Program, cfg *config.Config, file, token string, until time.Time) error {
	place, err := audit.StorePlace(ctx, p, cfg, file)
	if err != nil || place.IsZero() {
		return err
	}
	var l life
	switch s, err := store.OpenExisting(ctx, place); {
	case file == "" && errors.Is(err, store.ErrNotFound): // configured, and not written yet
	case err != nil:
		return err
	default:
		l, err = lifeOf(ctx, s, cfg, token)
		if err := errors.Join(err, s.Close()); err != nil {
			return err
		}
	}
	var b strings.Builder
	label := "\nhistory"
	for _, e := range l.Events {
		if until.IsZero() || !e.At.After(until) {
			fmt.Fprintf(&b, "%s   %s %s\n", label, e.At.UTC().Format(time.RFC3339), e.What)
			label = "       "
		}
	}
	if b.Len() == 0 {
		b.WriteString(label + "   the store has no run that saw this token\n")
	}
	_, err = io.WriteString(p.Out, b.String())
	return err
}

func lifeOf(ctx context.Context, s *store.Store, cfg *config.Config, token string) (life, error) {
	l := life{Token: token}
	var err error
	if l.Versions, err = s.Versions(ctx, token); err != nil || len(l.Versions) == 0 {
		return l, err
	}
	if l.Findings, err = s.Spans(ctx, token); err != nil {
		return l, err
	}
	err = l.tell(cfg)
	return l, err
}

func runToken(ctx context.Context, o tokenOptions) error {
	if err := cli.CheckListFormat(o.format); err != nil {
		return err
	}
	return o.open(ctx, false, func(s *store.Store, cfg *config.Config) error {
		id, err := findToken(ctx, s, o.token)
		if err != nil {
			return err
		}
		l, err := lifeOf(ctx, s, cfg, id)
		if err != nil {
			return err
		}
		return l.print(&o)
	})
}

func findToken(ctx context.Context, s *store.Store, name string) (string, error) {
	ids, err := s.TokenIDs(ctx)
	if err != nil {
		return "", err
	}
	if slices.Contains(ids, name) {
		return name, nil
	}
	var found []string
	for _, id := range ids {
		if strings.HasSuffix(id, "/"+name) {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("the store has no token %q: give the id of one, or its end", safetext.OneLine(name))
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%d tokens end in %q, such as %s and %s: give more of the id", len(found), safetext.OneLine(name), safetext.OneLine(found[0]), safetext.OneLine(found[1]))
}

// tell makes the events, in the order of time.
func (l *life) tell(cfg *config.Config) error {
	l.Events = []event{}
	for i := range l.Versions {
		v := &l.Versions[i]
		if i == 0 {
			l.FirstSeen = v.From
			l.add(v.From, "seen first: a %s token called %q, access %s, expiry %s", v.Kind, safetext.OneLine(v.Name), v.Access, v.Expiry)
		} else if err := l.changed(&l.Versions[i-1], v); err != nil {
			return err
		}
		if v.Ended == "gone" {
			l.add(v.To, "gone")
		}
	}
	known := map[string]store.State{}
	for i := range l.Findings {
		f := &l.Findings[i]
		what := stateText(f.State, f.Reason, time.Time{}, f.Waiver)
		if was := known[f.Fingerprint]; f.State == store.StateOpen && was.Over() {
			what = "reopened"
		}
		known[f.Fingerprint] = f.State
		l.add(f.From, "%s (%s): %s", f.Rule, f.Severity, what)
	}
	for _, r := range cfg.Reviews {
		if policies.Glob(r.Token, l.Token) {
			l.add(r.From, "reviewed by %s: %s: %s", safetext.OneLine(r.Reviewer), r.Decision, safetext.OneLine(r.Note))
		}
	}
	slices.SortStableFunc(l.Events, func(a, b event) int { return a.At.Compare(b.At) })
	return nil
}

func (l *life) add(at time.Time, format string, arguments ...any) {
	l.Events = append(l.Events, event{at, fmt.Sprintf(format, arguments...)})
}

// changed tells how a version differs from the one before.
func (l *life) changed(was, now *store.Version) error {
	var a, b inventory.Token
	if err := json.Unmarshal(was.Facts, &a); err != nil {
		return fmt.Errorf("a token in the store: %w", err)
	}
	if err := json.Unmarshal(now.Facts, &b); err != nil {
		return fmt.Errorf("a token in the store: %w", err)
	}
	if was.Ended == "gone" {
		l.add(now.From, "back again")
	}
	if a.Access.Level != b.Access.Level {
		l.add(now.From, "access: %s, was %s", b.Access.Level, a.Access.Level)
	}
	l.rights(now.From, "gained", b.Access.Grants, a.Access.Grants)
	l.rights(now.From, "lost", a.Access.Grants, b.Access.Grants)
	if was.Expiry != now.Expiry {
		l.add(now.From, "expiry: %s, was %s", now.Expiry, was.Expiry)
	}
	if was.Name != now.Name {
		l.add(now.From, "name: %q, was %q", safetext.OneLine(now.Name), safetext.OneLine(was.Name))
	}
	if was.Owner != now.Owner {
		l.add(now.From, "owner: %s, was %s", orUnknown(now.Owner), orUnknown(was.Owner))
	}
	if was.Team != now.Team {
		l.add(now.From, "team: %s, was %s", safetext.OneLine(cmp.Or(now.Team, report.Unassigned)), safetext.OneLine(cmp.Or(was.Team, report.Unassigned)))
	}
	if was.RiskMin != now.RiskMin || was.RiskMax != now.RiskMax {
		l.add(now.From, "risk: %s, was %s", riskText(now), riskText(was))
	}
	others, err := otherMembers(was.Facts, now.Facts)
	if len(others) > 0 {
		l.add(now.From, "changed: %s", strings.Join(others, ", "))
	}
	return err
}

// rights tells which of some rights are not among others.
func (l *life) rights(at time.Time, what string, of, among []string) {
	var rights []string
	for _, right := range of {
		if !slices.Contains(among, right) {
			rights = append(rights, safetext.OneLine(right))
		}
	}
	if len(rights) > 0 {
		l.add(at, "rights %s: %s", what, strings.Join(rights, ", "))
	}
}

func orUnknown(name string) string {
	if name == "" {
		return "unknown"
	}
	return name
}

func riskText(v *store.Version) string {
	switch {
	case v.RiskMin < 0:
		return "not judged"
	case v.RiskMin == v.RiskMax:
		return fmt.Sprint(v.RiskMin)
	}
	return fmt.Sprintf("%d to %d", v.RiskMin, v.RiskMax)
}

// otherMembers returns the members of a token that are not told by themselves and differ.
func otherMembers(was, now json.RawMessage) ([]string, error) {
	var a, b map[string]json.RawMessage
	if err := json.Unmarshal(was, &a); err != nil {
		return nil, fmt.Errorf("a token in the store: %w", err)
	}
	if err := json.Unmarshal(now, &b); err != nil {
		return nil, fmt.Errorf("a token in the store: %w", err)
	}
	told := []string{"access", "expiry", "name", "owner"}
	var others []string
	names := maps.Clone(a)
	maps.Copy(names, b)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !slices.Contains(told, name) && !bytes.Equal(a[name], b[name]) {
			others = append(others, name)
		}
	}
	return others, nil
}

func (l *life) print(o *tokenOptions) error {
	if o.format == "json" {
		return safetext.WriteJSON(o.program.Out, l)
	}
	rows := make([][]string, len(l.Events))
	for i, e := range l.Events {
		rows[i] = []string{shown(e.At), e.What}
	}
	if o.format == "table" {
		if _, err := fmt.Fprintf(o.program.Out, "%s\n\n", safetext.OneLine(l.Token)); err != nil {
			return err
		}
	}
	return cli.PrintTable(o.program.Streams, o.format, []table.Column{{Title: "SEEN", Kind: table.ColumnWhole}, {Title: "WHAT", Kind: table.ColumnProse}}, rows)
}
