package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/report/output"
)

func newInit(run func(ctx context.Context, file string) error) *cobra.Command {
	return &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a commented tokenaudit.yaml to start from",
		Long: `Init writes a commented configuration. The entries of CMSes whose credentials it
finds in the environment, by the names of the variables, are active; the others
are commented out. Beside it, it writes the JSON Schema of the file for editors,
tokenaudit.schema.json; ` + "`tokenaudit schema config -c FILE`" + ` prints it with your custom
rules. It never overwrites a file; - is standard output, without a schema.`,
		Args: cli.Takes("[FILE]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := config.DefaultFile
			if len(args) > 0 {
				file = args[0]
			}
			return run(cmd.Context(), file)
		},
	}
}

// schemaFile is what init writes next to the configuration.
const schemaFile = "tokenaudit.schema.json"

func (a *app) init(ctx context.Context, file string) error {
	text, found := config.Template(a.registry.Definitions(), func(name string) bool {
		value, ok := a.lookup(name)
		return ok && strings.TrimSpace(value) != ""
	})
	if file == output.Stdout {
		if _, err := io.WriteString(a.Out, text); err != nil {
			return fmt.Errorf("write the configuration: %w", err)
		}
		return nil
	}
	schema, err := a.schemaText(ctx, rulesOptions{}, "config")
	if err != nil {
		return err
	}
	err = writeNew(file, "# yaml-language-server: $schema=./"+schemaFile+"\n"+text)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already and is left as it is; `tokenaudit init FILE` writes another", file)
	}
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	schemaPath := filepath.Join(filepath.Dir(file), schemaFile)
	switch err := writeNew(schemaPath, string(schema)); {
	case errors.Is(err, fs.ErrExist):
		a.Note("wrote %s; %s exists already and is left as it is", file, schemaPath)
	case err != nil:
		return errors.Join(fmt.Errorf("write the schema: %w", err), os.Remove(file))
	default:
		a.Note("wrote %s, and %s for your editor", file, schemaPath)
	}
	if len(found) == 0 {
		a.Note("no credential was found in the environment; uncomment what you use and fill it in")
	} else {
		a.Note("found %s; fill in what to read, then run: tokenaudit doctor", strings.Join(found, ", "))
	}
	return nil
}

// writeNew writes a file that does not exist, whole or not at all.
func writeNew(file, text string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(file))
	}
	return nil
}
