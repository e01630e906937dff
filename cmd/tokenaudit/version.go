package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program and of the policy engine in it",
		Args:  arguments(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.out, "tokenaudit %s (%s, %s/%s)\n", a.tool.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
