package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/collectors/builtin"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/engine"
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
	// random replaces the source of the key of a run in tests; nil for the system's.
	random io.Reader
}

// run executes one command line in-process and returns its exit code.
func run(ctx context.Context, s ioStreams, args []string) int {
	p := newProgram(s)
	p.EndWith(ctx)
	err := execute(ctx, p, args)
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = errors.New("interrupted; there is no verdict")
	}
	var shown cli.VerdictError
	if err != nil && !errors.As(err, &shown) {
		for line := range strings.SplitSeq(strings.TrimRight(err.Error(), "\n"), "\n") {
			p.Warn("%s", line)
		}
	}
	return cli.ExitCode(err)
}

func newProgram(s ioStreams) *program.Program {
	p := &program.Program{Environ: s.environ, Now: s.now, Transport: s.transport, Unpaced: s.unpaced, Random: s.random}
	if p.Now == nil {
		p.Now = time.Now
	}
	p.Streams = console.New(s.in, s.out, s.err, p.Lookup)
	p.Tool = inventory.Tool{Name: "tokenaudit", Version: version()}
	return p
}

// execute turns a panic into an internal error: the program ends with code 2
// and says so, and never with half a verdict.
func execute(ctx context.Context, p *program.Program, args []string) (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("internal error, please report it: %v\n%s", panicked, debug.Stack())
		}
	}()
	if p.Registry, err = builtin.Registry(); err != nil {
		return err
	}
	root := newRoot(p) //nolint:contextcheck // cobra hands the context to the commands
	root.SetArgs(args)
	if completing(args) {
		completeValues(p, root) //nolint:contextcheck // cobra hands the context to the completions
	}
	if err := root.ExecuteContext(ctx); err != nil {
		return err
	}
	return p.HelpFailed
}

// version is the module's version where the binary was installed from one, else the
// revision it was built from. Where neither says which rules are in the binary, their digest
// does: a bundle that another build judged must be told from one that was changed.
var version = sync.OnceValue(func() string { return versionOf(debug.ReadBuildInfo()) })

func versionOf(build *debug.BuildInfo, ok bool) string {
	name, exact := "devel", false
	if ok && build.Main.Version != "" && build.Main.Version != "(devel)" {
		name, exact = strings.TrimPrefix(build.Main.Version, "v"), !strings.Contains(build.Main.Version, "+dirty")
	} else if ok {
		for _, setting := range build.Settings {
			switch {
			case setting.Key == "vcs.revision" && len(setting.Value) >= 12:
				name, exact = "devel-"+setting.Value[:12], true
			case setting.Key == "vcs.modified" && setting.Value == "true": // it follows the revision
				exact = false
			}
		}
	}
	if digest, err := engine.BuiltInDigest(); !exact && err == nil {
		name += map[bool]string{true: ".", false: "+"}[strings.Contains(name, "+")] + "rules." + digest[:12]
	}
	return name
}

func newRoot(p *program.Program) *cobra.Command {
	color := string(console.ColorAuto)
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
			p.Command = cmd
			return applyGlobals(p, color)
		},
		RunE: cli.ShowHelp,
	}
	root.SetIn(p.In)
	root.SetOut(p.Out)
	root.SetErr(p.Err)
	root.PersistentFlags().BoolVarP(&p.Quiet, "quiet", "q", false, "no progress and no notes on stderr")
	root.PersistentFlags().StringVar(&color, "color", color, "`when` to color the output: auto, always or never; auto follows NO_COLOR, FORCE_COLOR and CLICOLOR_FORCE, and whether it goes to a terminal")
	root.PersistentFlags().BoolVarP(&p.Verbose, "verbose", "v", false, "log every request on stderr: method, path, status, duration")
	// People ask a program for its version by the flag.
	root.Version = versionText(p.Tool.Version)
	root.SetVersionTemplate("{{.Version}}\n")
	root.Flags().Bool("version", false, "print the version")
	root.SetFlagErrorFunc(cli.WrongFlag)
	root.SetHelpCommand(cli.NewHelp())
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { p.HelpFailed = cli.Help(p.Out, cmd, p.ProseWidth()) })
	root.AddCommand(commands(p)...)
	cli.NameValues(root)
	cli.RefuseRepeats(root)
	return root
}

// applyGlobals checks the flags of every command, and applies --color.
func applyGlobals(p *program.Program, color string) error {
	if p.Quiet && p.Verbose {
		return cli.Misuse(errors.New("--quiet and --verbose contradict each other"))
	}
	mode := console.ColorMode(color)
	if mode != console.ColorAuto && mode != console.ColorAlways && mode != console.ColorNever {
		return cli.Misuse(fmt.Errorf("invalid --color %q: expected auto, always or never", color))
	}
	p.SetColor(mode)
	return nil
}
