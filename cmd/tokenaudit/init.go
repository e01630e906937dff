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
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config/template"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/report/output"
)

// initOptions are the argument of init.
type initOptions struct {
	program *program.Program
	// file is the configuration that is written, or - for standard output.
	file string
}

func newInit(p *program.Program, run func(context.Context, initOptions) error) *cobra.Command {
	o := initOptions{program: p, file: config.DefaultFile}
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
			if len(args) > 0 {
				o.file = args[0]
			}
			return run(cmd.Context(), o)
		},
	}
}

// schemaFile is what init writes next to the configuration.
const schemaFile = "tokenaudit.schema.json"

func runInit(ctx context.Context, o initOptions) error {
	text, found := template.Text(o.program.Registry.Definitions(), func(name string) bool {
		value, ok := o.program.Lookup(name)
		return ok && strings.TrimSpace(value) != ""
	})
	if o.file == output.Stdout {
		if _, err := io.WriteString(o.program.Out, text); err != nil {
			return fmt.Errorf("write the configuration: %w", err)
		}
		return nil
	}
	schema, err := schemaText(ctx, schemaOptions{program: o.program, name: "config"})
	if err != nil {
		return err
	}
	err = writeNew(o.file, "# yaml-language-server: $schema=./"+schemaFile+"\n"+text)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already and is left as it is; `tokenaudit init FILE` writes another", o.file)
	}
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	schemaPath := filepath.Join(filepath.Dir(o.file), schemaFile)
	switch err := writeNew(schemaPath, string(schema)); {
	case errors.Is(err, fs.ErrExist):
		o.program.Note("wrote %s; %s exists already and is left as it is", o.file, schemaPath)
	case err != nil:
		return errors.Join(fmt.Errorf("write the schema: %w", err), os.Remove(o.file))
	default:
		o.program.Note("wrote %s, and %s for your editor", o.file, schemaPath)
	}
	if len(found) == 0 {
		o.program.Note("no credential was found in the environment; uncomment what you use and fill it in")
	} else {
		o.program.Note("found %s; fill in what to read, then run: tokenaudit doctor", strings.Join(found, ", "))
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
