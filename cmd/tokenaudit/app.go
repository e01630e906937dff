package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/documents"
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/builtin"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// ioStreams are what the program reads and writes, and all else that it is given
// from outside.
type ioStreams struct {
	environ []string
	in      io.Reader
	out     io.Writer
	err     io.Writer
	// transport replaces the network in tests; nil for the real one.
	transport http.RoundTripper
	// now replaces the clock in tests; nil for the real one.
	now func() time.Time
	// unpaced sends requests as fast as an emulator takes them.
	unpaced bool
}

// app is what the commands share.
type app struct {
	*console.Streams
	environ   []string
	now       func() time.Time
	transport http.RoundTripper
	unpaced   bool
	registry  collectors.Registry
	tool      inventory.Tool
	verbose   bool
	colorFlag string
	// command is the one that runs.
	command *cobra.Command
}

// run executes one command line in-process and gives its exit code.
func run(ctx context.Context, s ioStreams, args []string) int {
	a := newApp(s)
	a.EndWith(ctx)
	err := a.execute(ctx, args)
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = errors.New("interrupted; there is no verdict")
	}
	var shown cli.VerdictError
	if err != nil && !errors.As(err, &shown) {
		for line := range strings.SplitSeq(strings.TrimRight(err.Error(), "\n"), "\n") {
			a.Warn("%s", line)
		}
	}
	return cli.ExitCode(err)
}

func newApp(s ioStreams) *app {
	a := &app{environ: s.environ, now: s.now, transport: s.transport, unpaced: s.unpaced}
	if a.now == nil {
		a.now = time.Now
	}
	a.Streams = console.New(s.in, s.out, s.err, a.lookup)
	a.tool = inventory.Tool{Name: "tokenaudit", Version: version()}
	return a
}

// execute turns a panic into an internal error: the program ends with code 2
// and says so, and never with half a verdict.
func (a *app) execute(ctx context.Context, args []string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error, please report it: %v\n%s", p, debug.Stack())
		}
	}()
	if a.registry, err = builtin.Registry(); err != nil {
		return err
	}
	root := newRoot(a) //nolint:contextcheck // cobra hands the context to the commands
	root.SetArgs(args)
	return root.ExecuteContext(ctx)
}

// lookup finds an environment variable; the last of several counts.
func (a *app) lookup(name string) (string, bool) {
	for _, v := range slices.Backward(a.environ) {
		if key, value, ok := strings.Cut(v, "="); ok && key == name {
			return value, true
		}
	}
	return "", false
}

// version is the module's version where the binary was installed from one,
// else the revision it was built from.
func version() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	if v := build.Main.Version; v != "" && v != "(devel)" {
		return strings.TrimPrefix(v, "v")
	}
	for _, setting := range build.Settings {
		if setting.Key == "vcs.revision" && len(setting.Value) >= 12 {
			return "devel-" + setting.Value[:12]
		}
	}
	return "devel"
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "tokenaudit",
		Short: "Audit the API tokens of content management systems by policies written as code",
		Long: `tokenaudit answers one question: which API tokens open our content systems,
what can each one do, and which of them break our rules?

It only reads. No request of its own changes anything at a CMS, and no secret
value ever leaves the HTTP decoder.

Exit codes:
  0  nothing at or above --fail-on, and everything was measured
  1  findings at or above --fail-on
  2  usage, configuration, rule-loading or internal error: no verdict
  3  no finding at or above --fail-on, but the measurement is incomplete`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              cobra.ArbitraryArgs,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			a.command = cmd
			return a.applyGlobals()
		},
		RunE: cli.ShowHelp,
	}
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	root.PersistentFlags().BoolVarP(&a.Quiet, "quiet", "q", false, "no progress and no notes on stderr")
	root.PersistentFlags().StringVar(&a.colorFlag, "color", string(console.ColorAuto), "`when` to color the output: auto, always or never; auto follows NO_COLOR, FORCE_COLOR and CLICOLOR_FORCE, and whether it goes to a terminal")
	root.PersistentFlags().BoolVarP(&a.verbose, "verbose", "v", false, "log every request on stderr: method, path, status, duration")
	// People ask a program for its version by the flag.
	root.Version = versionText(a.tool.Version)
	root.SetVersionTemplate("{{.Version}}\n")
	root.Flags().Bool("version", false, "print the version")
	root.SetFlagErrorFunc(cli.WrongFlag)
	root.SetHelpCommand(cli.NewHelp())
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { cli.Help(a.Out, cmd, a.ProseWidth()) })
	root.AddCommand(commands(a)...)
	cli.NameValues(root)
	cli.RefuseRepeats(root)
	a.completeValues(root)
	return root
}

// applyGlobals checks the flags of every command, and applies --color.
func (a *app) applyGlobals() error {
	if a.Quiet && a.verbose {
		return cli.Misuse(errors.New("--quiet and --verbose contradict each other"))
	}
	mode := console.ColorMode(a.colorFlag)
	if mode != console.ColorAuto && mode != console.ColorAlways && mode != console.ColorNever {
		return cli.Misuse(fmt.Errorf("invalid --color %q: expected auto, always or never", a.colorFlag))
	}
	a.SetColor(mode)
	return nil
}

// flag is how a flag of the command that runs is written, the short way where there
// is one; empty where it has none of that name.
func (a *app) flag(name string) string {
	if a.command == nil || name == "" {
		return ""
	}
	f := a.command.Flags().Lookup(name)
	switch {
	case f == nil:
		return ""
	case f.Shorthand != "":
		return "-" + f.Shorthand
	}
	return "--" + f.Name
}

// saved opens documents for the command that runs.
func (a *app) saved() documents.Opener {
	return documents.Opener{In: a.In, Flag: a.flag, Registry: a.registry}
}
