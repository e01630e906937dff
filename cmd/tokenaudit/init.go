package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/report/output"
)

func newInit(run func(file string) error) *cobra.Command {
	return &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a commented tokenaudit.yaml to start from",
		Long: `Init writes a commented configuration. The entries of CMSes whose credentials it
finds in the environment, by the names of the variables, are active; the others
are commented out. It never overwrites a file; - stands for standard output.`,
		Args: takes("[FILE]"),
		RunE: func(_ *cobra.Command, args []string) error {
			file := config.DefaultFile
			if len(args) > 0 {
				file = args[0]
			}
			return run(file)
		},
	}
}

func (a *app) init(file string) error {
	text, found := config.Template(a.registry.Definitions(), func(name string) bool {
		value, ok := a.lookup(name)
		return ok && strings.TrimSpace(value) != ""
	})
	if file == output.Stdout {
		if _, err := io.WriteString(a.out, text); err != nil {
			return fmt.Errorf("write the configuration: %w", err)
		}
		return nil
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already and is left as it is; `tokenaudit init FILE` writes another", file)
	}
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write the configuration: %w", err), os.Remove(file))
	}
	a.note("wrote %s", file)
	if len(found) == 0 {
		a.note("no credential was found in the environment; uncomment what you use and fill it in")
	} else {
		a.note("found %s; fill in what to read, then run: tokenaudit doctor", strings.Join(found, ", "))
	}
	return nil
}
