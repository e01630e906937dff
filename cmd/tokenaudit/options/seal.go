package options

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/report/output"
)

// Seal say where a report is sealed, with all that it rests on, and who signs.
type Seal struct {
	File string
	// Keys say where the keys come from that sign.
	Keys []string
}

// Bind adds the flags to a command.
func (o *Seal) Bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.File, "seal", "", "pack the report and all that it rests on into this `file`, which verify checks and judges again")
	f.StringArrayVar(&o.Keys, "seal-key", nil, "sign the bundle with this private `key`: a file, env:NAME or command:PROGRAM (repeatable)")
}

// Inputs are the files of the keys that sign.
func (o Seal) Inputs() []places.Input {
	var inputs []places.Input
	for _, text := range o.Keys {
		if reference, err := config.ParseSecretFlag(text); err == nil {
			inputs = append(inputs, places.Input{Path: reference.File(), Is: "a key"})
		}
	}
	return inputs
}

// Validate adds to what the flags of judging come to that the report is sealed, and states
// what contradicts that.
func (o Seal) Validate(flags *Resolved, judge Judge, saved string) error {
	if o.File == "" {
		if len(o.Keys) > 0 {
			return cli.Misuse(errors.New("--seal-key has no effect without --seal"))
		}
		return nil
	}
	var problems []error
	for _, other := range []struct {
		flag  string
		given bool
	}{{"--baseline", judge.Baseline != ""}, {"--owner", len(judge.Owners) > 0}, {"--no-inventory", judge.NoInventory}} {
		if other.given {
			problems = append(problems, fmt.Errorf("--seal and %s contradict each other: a bundle holds the whole report and no other one", other.flag))
		}
	}
	switch {
	case o.File == output.Stdout:
		problems = append(problems, errors.New("--seal: a bundle is written to a file"))
	case saved != "" && places.Same(o.File, saved):
		problems = append(problems, fmt.Errorf("the inventory and the bundle would both go to %s", saved))
	default:
		if err := places.Check("--seal", o.File); err != nil {
			problems = append(problems, err)
		}
	}
	for _, out := range flags.Outputs {
		if places.Same(out.Path, o.File) {
			problems = append(problems, fmt.Errorf("the %s report and the bundle would both go to %s", out.Format.Name, o.File))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return cli.Misuse(err)
	}
	flags.Sealed = true
	return nil
}
