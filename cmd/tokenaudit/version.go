package main

import (
	_ "embed"
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/policies/engine"
)

// notices are the licenses of the modules that are linked into the program. A test
// writes the file.
//
//go:embed notices.txt
var notices string

func newVersion(p *program.Program) *cobra.Command {
	var licenses bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program and of the policy engine in it",
		Args:  cli.Takes(),
		RunE: func(*cobra.Command, []string) error {
			text := versionText(p.Tool.Version) + "\n"
			if licenses {
				text = notices
			}
			_, err := io.WriteString(p.Out, text)
			return err
		},
	}
	cmd.Flags().BoolVar(&licenses, "licenses", false, "print the licenses of the modules that the program is built from")
	return cmd
}

func versionText(version string) string {
	return fmt.Sprintf("tokenaudit %s (OPA %s, %s, %s/%s)", version, engine.OPAVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
