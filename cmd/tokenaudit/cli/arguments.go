package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenaudit/tokenaudit/collectors/suggest"
)

// Takes checks the positional arguments of a command by their names: NAME must
// be there, [NAME] may, and NAME... stands for one or more, [NAME...] for any
// number. What is wrong is a usage error that shows how the command is called.
func Takes(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		var needed []string
		for _, name := range names {
			if !strings.HasPrefix(name, "[") {
				needed = append(needed, strings.TrimSuffix(name, "..."))
			}
		}
		unbounded := len(names) > 0 && strings.Contains(names[len(names)-1], "...")
		switch {
		case len(args) < len(needed):
			missing := needed[len(args):]
			verb := "is"
			if len(missing) > 1 {
				verb = "are"
			}
			return wrongArguments(cmd, fmt.Errorf("%s %s missing", strings.Join(missing, " and "), verb))
		case len(args) > len(names) && !unbounded:
			return wrongArguments(cmd, fmt.Errorf("unexpected argument %q", args[len(names)]))
		}
		return nil
	}
}

// TakesOne checks that there is one argument and that it is one of the words.
func TakesOne(of string, words []string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := Takes(of)(cmd, args); err != nil {
			return err
		}
		if !slices.Contains(words, args[0]) {
			return wrongArguments(cmd, fmt.Errorf("unknown %s %q", of, args[0]))
		}
		return nil
	}
}

func wrongArguments(cmd *cobra.Command, err error) error {
	return Misuse(fmt.Errorf("%w; usage: %s", err, cmd.UseLine()))
}

// ShowHelp runs a command that only has commands below it: without one it shows
// its help.
func ShowHelp(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	return unknownCommand(cmd, args[0])
}

// NewHelp replaces cobra's own, which takes a command that does not exist for
// the program itself.
func NewHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about any command",
		RunE: func(cmd *cobra.Command, args []string) error {
			asked, rest, err := cmd.Root().Find(args)
			if err != nil {
				return Misuse(err)
			}
			return ShowHelp(asked, rest)
		},
	}
}

func unknownCommand(cmd *cobra.Command, name string) error {
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		return Misuse(fmt.Errorf("unknown command %q; did you mean %s?", name, near[0]))
	}
	return Misuse(fmt.Errorf("unknown command %q; `%s --help` lists the commands", name, cmd.CommandPath()))
}

// WrongFlag adds to an error of the flags what helps: the flag that was probably
// meant, else where all stand.
func WrongFlag(cmd *cobra.Command, err error) error {
	var repeated repeatedError
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok && errors.As(err, &repeated) {
		return Misuse(fmt.Errorf("--%s is %w", invalid.GetFlag().Name, repeated))
	}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && len(unknown.GetSpecifiedName()) > 1 {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		if near := suggest.DidYouMean("--"+unknown.GetSpecifiedName(), names); near != "" {
			return Misuse(fmt.Errorf("%w%s", err, near))
		}
		if others := withFlag(cmd.Root(), unknown.GetSpecifiedName()); len(others) > 0 {
			return Misuse(fmt.Errorf("%w; it is a flag of %s; `%s --help` lists the flags", err, strings.Join(others, ", "), cmd.CommandPath()))
		}
	}
	return Misuse(fmt.Errorf("%w; `%s --help` lists the flags", err, cmd.CommandPath()))
}

// withFlag returns the names of the commands that show a flag in their help.
func withFlag(root *cobra.Command, flag string) []string {
	var names []string
	for _, cmd := range AllCommands(root) {
		if f := cmd.Flags().Lookup(flag); f != nil && !f.Hidden && !cmd.Hidden {
			names = append(names, strings.TrimPrefix(cmd.CommandPath(), root.Name()+" "))
		}
	}
	slices.Sort(names)
	return names
}
