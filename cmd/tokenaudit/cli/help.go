package cli

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenaudit/tokenaudit/report/table"
)

// FlagGroups are the headings of the help, and the flags below each in the order
// in which they are shown. A flag has the same purpose at every command.
var FlagGroups = []FlagGroup{
	{"Source", []string{"config", "source", "label", "owner", "shard", "resume", "inventory", "terraform-plan", "terraform-dir", "manifest", "report", "previous", "store", "leaks", "no-history"}},
	{"Rule", []string{"policy", "rule", "at"}},
	{EntryFlags, []string{"reason", "owner", "approved-by", "expires", "name", "key", "decision", "reviewer", "note", "date", "by", "file", "dry-run", "empty"}},
	{VerificationFlags, []string{"key", "sigstore-bundle", "trusted-root", "certificate-identity", "certificate-oidc-issuer", "re-derive"}},
	{"Exit code", []string{"fail-on", "fail-on-risk", "baseline", "fail-on-new", "fail-on-overdue", "fail-on-unchanged", "allow-incomplete-baseline", "no-fail"}},
	{"Output", []string{"output", "guide", "framework", "by", "open", "resolved", "since", "group-by", "show", "min-severity", "waived", "no-inventory", "save-inventory", "seal", "seal-key", "sign", "notify"}},
	{"Request", []string{"timeout", "max-wait", "total-wait", "requests-per-second", "ca-bundle"}},
	{"General", []string{"color", "help", "quiet", "verbose", "version"}},
}

// EntryFlags is the heading of the flags that say what is written to the configuration.
const EntryFlags = "Entry"

// VerificationFlags is the heading of the flags that say what a bundle must stand up to.
const VerificationFlags = "Verification"

// groupAnnotation has the heading of a flag that has another purpose at this command than
// at others.
const groupAnnotation = "group"

// Group puts a flag below a heading of its own choice.
func Group(f *pflag.Flag, heading string) {
	f.Annotations = map[string][]string{groupAnnotation: {heading}}
}

// shows reports whether the heading is that of a flag which is among its flags.
func (g FlagGroup) shows(f *pflag.Flag) bool {
	heading := f.Annotations[groupAnnotation]
	return len(heading) == 0 || heading[0] == g.heading
}

// FlagGroup is a heading of the help and the flags below it.
type FlagGroup struct {
	heading string
	Flags   []string
}

const (
	// manyFlags is how many flags a command may have before they are grouped.
	manyFlags = 8
	// flagColumn is the widest column of flags; the text of a longer one begins on
	// a line of its own.
	flagColumn = 32
	// minText is how wide a column of text is at least.
	minText = 20
	// gap is between two columns.
	gap = 2
	// valueAnnotation has the name of a flag's value: see nameValues.
	valueAnnotation = "value"
)

// NameValues takes the name of its value out of the backquotes of each flag's
// usage: cobra's completion would show them.
func NameValues(root *cobra.Command) {
	visitFlags(root, func(f *pflag.Flag) {
		if _, named := f.Annotations[valueAnnotation]; named {
			return
		}
		name, usage := pflag.UnquoteUsage(f)
		if f.Annotations == nil {
			f.Annotations = map[string][]string{}
		}
		f.Usage, f.Annotations[valueAnnotation] = usage, []string{name}
	})
}

// visitFlags calls visit for each flag of each command, a persistent one once or
// more.
func visitFlags(root *cobra.Command, visit func(*pflag.Flag)) {
	for _, cmd := range AllCommands(root) {
		cmd.Flags().VisitAll(visit)
		cmd.PersistentFlags().VisitAll(visit)
	}
}

// Help writes the help of a command. No line but that of an example is longer
// than width, in columns. The error is that of out.
func Help(out io.Writer, cmd *cobra.Command, width int) error {
	p := &helpPage{width: width}
	p.prose(cmp.Or(cmd.Long, cmd.Short))
	p.usage(cmd)
	if cmd.HasExample() {
		fmt.Fprintf(&p.Builder, "\nExamples:\n%s\n", cmd.Example)
	}
	p.commands(cmd)
	p.flags(cmd)
	if _, err := io.WriteString(out, p.String()); err != nil {
		return fmt.Errorf("write the help: %w", err)
	}
	return nil
}

// helpPage is the text of a help.
type helpPage struct {
	strings.Builder
	width int
}

// row is a line of two columns, as Long texts have them.
var row = regexp.MustCompile(`^(\s+(?:\S.*?\s{2,})?)(\S.*)$`)

// prose writes paragraphs anew at the width of the page. A line that begins with
// a blank is one of its own, and stays below its second column.
func (p *helpPage) prose(text string) {
	var paragraph []string
	flush := func() {
		if len(paragraph) > 0 {
			p.hang("", strings.Join(paragraph, " "), 0)
		}
		paragraph = nil
	}
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		parts := row.FindStringSubmatch(line)
		switch {
		case line == "":
			flush()
			p.WriteString("\n")
		case parts != nil:
			flush()
			p.hang(parts[1], parts[2], len(parts[1]))
		default:
			paragraph = append(paragraph, line)
		}
	}
	flush()
}

// hang writes a label and, from a column on, a text.
func (p *helpPage) hang(label, text string, column int) {
	indent := strings.Repeat(" ", column)
	lines := table.Wrap(text, max(p.width-column, minText))
	if label = strings.TrimRight(label, " "); label != "" && len(label)+gap > column {
		fmt.Fprintf(&p.Builder, "%s\n%s%s\n", label, indent, lines[0])
	} else {
		fmt.Fprintf(&p.Builder, "%-*s%s\n", column, label, lines[0])
	}
	for _, line := range lines[1:] {
		p.WriteString(indent + line + "\n")
	}
}

func (p *helpPage) usage(cmd *cobra.Command) {
	line := cmd.UseLine()
	if cmd.HasAvailableSubCommands() {
		line = cmd.CommandPath() + " COMMAND [flags]"
	}
	fmt.Fprintf(&p.Builder, "\nUsage:\n")
	p.hang("", line, gap)
}

func (p *helpPage) commands(cmd *cobra.Command) {
	if !cmd.HasAvailableSubCommands() {
		return
	}
	p.WriteString("\nCommands:\n")
	widest := 0
	for _, below := range cmd.Commands() {
		widest = max(widest, len(below.Name()))
	}
	for _, below := range cmd.Commands() {
		if below.IsAvailableCommand() {
			p.hang("  "+below.Name(), below.Short, 2+widest+gap)
		}
	}
	p.WriteString("\n")
	p.hang("", fmt.Sprintf("`%s COMMAND --help` says more about a command.", cmd.CommandPath()), 0)
}

// flags writes the flags, those of a command with many by their purpose.
func (p *helpPage) flags(cmd *cobra.Command) {
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	all.AddFlagSet(cmd.LocalFlags())
	all.AddFlagSet(cmd.InheritedFlags())
	shown, column := 0, 0
	all.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		shown++
		if n := len(FlagLabel(f)) + gap; n <= flagColumn {
			column = max(column, n)
		}
	})
	if shown <= manyFlags {
		p.WriteString("\nFlags:\n")
		all.VisitAll(func(f *pflag.Flag) { p.flag(f, column) })
		return
	}
	told := map[string]bool{}
	for _, group := range FlagGroups {
		heading := "\n" + group.heading + " flags:\n"
		for _, name := range group.Flags {
			if f := all.Lookup(name); f != nil && !f.Hidden && !told[name] && group.shows(f) {
				p.WriteString(heading)
				heading, told[name] = "", true
				p.flag(f, column)
			}
		}
	}
}

func (p *helpPage) flag(f *pflag.Flag, column int) {
	if f.Hidden {
		return
	}
	text := f.Usage
	if !slices.Contains([]string{"", "false", "0", "0s", "[]"}, f.DefValue) {
		text += " (default " + f.DefValue + ")"
	}
	p.hang(FlagLabel(f), text, column)
}

// FlagLabel is a flag as one writes it: its short form, its name and its value.
func FlagLabel(f *pflag.Flag) string {
	label := "      --" + f.Name
	if f.Shorthand != "" {
		label = "  -" + f.Shorthand + ", --" + f.Name
	}
	if value := f.Annotations[valueAnnotation]; len(value) > 0 && value[0] != "" {
		label += " " + value[0]
	}
	return label
}

// AllCommands returns a command and all that are below it.
func AllCommands(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, below := range cmd.Commands() {
		all = append(all, AllCommands(below)...)
	}
	return all
}
