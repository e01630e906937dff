// Package decisions is the commands that write down what somebody has decided: waivers add,
// gaps accept and reviews add. They add an entry to the configuration, or to the file of a team.
package decisions

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/entries"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// placed are the flags that all commands have: what an entry is checked against, and where
// it is written.
type placed struct {
	program     *program.Program
	config      string
	file        string
	at          string
	inventories []string
	// report is a saved report, or empty.
	report string
	dryRun bool
}

// bind adds the flags; files is what the files are of that the entry may go to.
func (o *placed) bind(cmd *cobra.Command, files string) {
	f := cmd.Flags()
	f.StringVarP(&o.config, "config", "c", "", "the configuration `file` (default tokenaudit.yaml)")
	f.StringVar(&o.file, "file", "", "the `file` of "+files+", of those that the configuration names, that the entry goes to (default that of the team that answers for it)")
	f.StringArrayVar(&o.inventories, "inventory", nil, "look for it in this saved inventory `file` (repeatable)")
	f.StringVar(&o.report, "report", "", "look for it in this saved JSON `report`")
	f.StringVar(&o.at, "at", "", "the `time` at which it is checked, RFC 3339 or YYYY-MM-DD (default now)")
	f.BoolVar(&o.dryRun, "dry-run", false, "print the entry, and write nothing")
}

// signed are the flags of decisions that hold until a day: who decided what, and until when.
type signed struct {
	placed
	reason     string
	owner      string
	approvedBy string
	expires    string
}

func (o *signed) bind(cmd *cobra.Command) {
	o.placed.bind(cmd, "waivers")
	f := cmd.Flags()
	f.StringVar(&o.reason, "reason", "", "why it is acceptable, a `text` (required)")
	f.StringVar(&o.owner, "owner", "", "`who` must remove the cause (required)")
	cli.Group(f.Lookup("owner"), cli.EntryFlags)
	f.StringVar(&o.approvedBy, "approved-by", "", "`who` accepted the risk (required)")
	f.StringVar(&o.expires, "expires", "", "the last `day`, YYYY-MM-DD (required)")
}

// begin checks the flags, reads the configuration, and reads what the entry is checked against.
func (o signed) begin(ctx context.Context) (now time.Time, cfg *config.Config, have known, err error) {
	if now, err = options.Moment(o.at, o.program.Now); err != nil {
		return now, nil, have, err
	}
	if err = o.validate(now); err != nil {
		return now, nil, have, err
	}
	if cfg, err = o.load(ctx, now); err != nil {
		return now, nil, have, err
	}
	have, err = o.read(ctx)
	return now, cfg, have, err
}

// validate states what is wrong with the flags.
func (o signed) validate(now time.Time) error {
	var missing []string
	for _, f := range []struct{ name, value string }{{"--reason", o.reason}, {"--owner", o.owner}, {"--approved-by", o.approvedBy}, {"--expires", o.expires}} {
		if strings.TrimSpace(f.value) == "" {
			missing = append(missing, f.name)
		}
	}
	var problems []error
	if len(missing) > 0 {
		problems = append(problems, fmt.Errorf("missing: %s: a decision says why, who removes the cause, who accepted the risk, and until when", strings.Join(missing, ", ")))
	}
	if o.expires != "" {
		day, err := time.Parse(time.DateOnly, o.expires)
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("invalid --expires %q: expected a date that exists, for example 2027-01-31", o.expires))
		case !now.Before(day.AddDate(0, 0, 1)):
			problems = append(problems, fmt.Errorf("--expires %s is in the past: give a day from %s on", o.expires, now.UTC().Format(time.DateOnly)))
		}
	}
	if problems = append(problems, o.problems()...); len(problems) > 0 {
		return cli.Misuse(errors.Join(problems...))
	}
	return nil
}

// problems states what is wrong with the flags that all commands have.
func (o placed) problems() []error {
	var problems []error
	if o.report != "" && len(o.inventories) > 0 {
		problems = append(problems, errors.New("--report and --inventory contradict each other: give one of them"))
	}
	if err := places.ReadOnce(places.InputsAs("an inventory", append(slices.Clone(o.inventories), o.report))); err != nil {
		problems = append(problems, err)
	}
	return problems
}

// load reads the configuration, which has to be valid, and checks the expiry by it.
func (o signed) load(ctx context.Context, now time.Time) (*config.Config, error) {
	cfg, err := o.program.Config(ctx, o.config, false)
	if err != nil {
		return nil, err
	}
	if wrong := cfg.Gate.TooLate(o.expires, now); wrong != "" {
		return nil, cli.Misuse(fmt.Errorf("--expires %s %s", o.expires, wrong))
	}
	return cfg, nil
}

// signature is the end of an entry.
func (o signed) signature() entries.Entry {
	return entries.Entry{{Key: "reason", Value: o.reason}, {Key: "owner", Value: o.owner}, {Key: "approved_by", Value: o.approvedBy}, {Key: "expires", Value: o.expires}}
}

// expired reports whether a decision was over at a moment.
func expired(expires string, now time.Time) bool {
	return policies.Waiver{Expires: expires}.Expired(now)
}

// kind is a kind of entries.
type kind struct {
	// key is that of their list, and section that of the configuration which may name files
	// with such lists.
	key, section string
	// both: the configuration may have a list although it names files.
	both  bool
	files func(*config.Config) []config.TeamFile
	// parse reads a file of the lists of one team, and count counts the entries.
	parse func(file string, text []byte) (*config.Config, error)
	count func(*config.Config) int
}

func waiversFiles(c *config.Config) []config.TeamFile { return c.WaiversFiles }

func gapsBelow(key string) kind {
	return kind{
		key: key, section: "waivers", both: true, files: waiversFiles, parse: config.ParseWaivers,
		count: func(c *config.Config) int { return len(c.AcceptGaps) },
	}
}

var (
	waiverEntries = kind{
		key: "waivers", section: "waivers", files: waiversFiles, parse: config.ParseWaivers,
		count: func(c *config.Config) int { return len(c.Waivers) },
	}
	gapEntries    = gapsBelow("accept_gaps")
	emptyEntries  = gapsBelow("accept_empty")
	reviewEntries = kind{
		key: "reviews", section: "reviews", parse: config.ParseReviews,
		files: func(c *config.Config) []config.TeamFile { return c.ReviewsFiles },
		count: func(c *config.Config) int { return len(c.Reviews) },
	}
)

// list is a list of the configuration, or of a file that it names, that entries are added to.
type list struct {
	kind
	// file is the path as seen from the working folder.
	file string
	// read reads the text of the file.
	read func(text []byte) (*config.Config, error)
}

// list returns that of a kind: in the file of --file, in that of the one team of teams, or,
// where the configuration may have it itself, there.
func (o placed) list(cfg *config.Config, of kind, teams []string) (list, error) {
	file, err := o.choose(cfg, of, teams)
	if err != nil {
		return list{}, err
	}
	to := list{of, file, func(text []byte) (*config.Config, error) { return of.parse(file, text) }}
	if file == cfg.File {
		to.read = func(text []byte) (*config.Config, error) {
			return config.Parse(file, text, o.program.Registry.Definitions())
		}
	}
	return to, nil
}

// choose returns the file that an entry goes to.
func (o placed) choose(cfg *config.Config, of kind, teams []string) (string, error) {
	files := of.files(cfg)
	var ofTeam, names []string
	for _, f := range files {
		path := places.Resolve(cfg.Dir, f.File)
		if o.file != "" && (o.file == f.File || places.Same(o.file, path)) {
			return path, nil
		}
		if len(teams) == 1 && f.Team == teams[0] {
			ofTeam = append(ofTeam, path)
		}
		names = append(names, fmt.Sprintf("%s (%s)", f.File, f.Team))
	}
	switch {
	case o.file != "" && len(names) == 0:
		return "", cli.Misuse(fmt.Errorf("--file %s: the configuration names no files of %s; leave --file out, or write %s: {files: [...]}", o.file, of.section, of.section))
	case o.file != "":
		return "", cli.Misuse(fmt.Errorf("--file %s is not one of the files of %s: %s", o.file, of.section, strings.Join(names, ", ")))
	case len(ofTeam) == 1:
		return ofTeam[0], nil
	case len(names) == 0 || of.both:
		return cfg.File, nil
	case len(names) == 1:
		return places.Resolve(cfg.Dir, files[0].File), nil
	}
	return "", cli.Misuse(fmt.Errorf("name the file of %s by --file: %s", of.section, strings.Join(names, ", ")))
}

// add adds entries to a list, or prints them where nothing is to be written or where the
// file cannot take them. It returns the line of the last entry.
func (o placed) add(ctx context.Context, to list, all []entries.Entry) (line int, err error) {
	if err := check(to.kind, all); err != nil {
		return 0, err
	}
	line, err = o.write(ctx, to, all)
	refused, isRefused := errors.AsType[*entries.RefusedError](err)
	if !o.dryRun && !isRefused {
		return line, err
	}
	for _, e := range all {
		if _, err := fmt.Fprint(o.program.Out, e); err != nil {
			return 0, err
		}
	}
	if isRefused {
		return 0, fmt.Errorf("%s is left as it is: %s; paste what is printed into its %s", to.file, refused.Reason, to.key)
	}
	return line, err
}

func (o placed) write(ctx context.Context, to list, all []entries.Entry) (line int, err error) {
	file, err := entries.Read(to.file)
	if err != nil {
		return 0, err
	}
	before, err := to.read(file.Text)
	if err != nil {
		return 0, err
	}
	text := file.Text
	for _, e := range all {
		if text, line, err = entries.Add(text, to.key, e); err != nil {
			return 0, err
		}
	}
	if after, err := to.read(text); err != nil || to.count(after) != to.count(before)+len(all) {
		return 0, &entries.RefusedError{Reason: fmt.Sprintf("with the entry it would not be valid (%v)", err)}
	}
	if o.dryRun {
		return line, nil
	}
	return line, file.Replace(ctx, text)
}

// ofEntry is the key of an entry in an error of the configuration.
var ofEntry = regexp.MustCompile(`\[\d+\]\.([a-z_]+)$`)

// check says which flag or argument has a value that an entry cannot have.
func check(of kind, all []entries.Entry) error {
	for _, e := range all {
		for _, f := range e {
			if !utf8.ValidString(f.Value) {
				return cli.Misuse(fmt.Errorf("the %s is not UTF-8 text", f.Key))
			}
		}
		_, err := of.parse("", []byte("team: none\n"+of.key+":\n"+e.String()))
		var mistakes config.Errors
		if !errors.As(err, &mistakes) {
			continue
		}
		var problems []error
		for _, m := range mistakes {
			name := m.Key
			if found := ofEntry.FindStringSubmatch(m.Key); found != nil {
				name = strings.ReplaceAll(found[1], "_", "-")
			}
			problems = append(problems, fmt.Errorf("the %s %s", name, m.Message))
		}
		return cli.Misuse(errors.Join(problems...))
	}
	return nil
}

// done says what was done, or would be.
func (o placed) done(to list, line int, what string) {
	if o.dryRun {
		o.program.Note("%s would be added to %s; nothing was written", safetext.OneLine(what), to.file)
		return
	}
	o.program.Note("added to %s:%d: %s", to.file, line, safetext.OneLine(what))
}
