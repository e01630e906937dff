package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/policies"
)

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program and of the policy engine in it",
		Args:  takes(),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(a.out, versionText(a.tool.Version))
			return err
		},
	}
}

func versionText(version string) string {
	return fmt.Sprintf("tokenaudit %s (OPA %s, %s, %s/%s)", version, policies.OPAVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
