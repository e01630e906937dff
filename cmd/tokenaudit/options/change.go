package options

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/collectors/terraform"
	"github.com/tokenaudit/tokenaudit/report/output"
)

// Change are the flags of evaluate about a change that is not made yet.
type Change struct {
	plans    []string
	dirs     []string
	Manifest string
}

// Bind adds the flags to a command.
func (o *Change) Bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.plans, "terraform-plan", nil, "a plan, as terraform show -json prints it: `[name=]file`, where the name of the root module is else that of the file (repeatable)")
	f.StringVar(&o.Manifest, "manifest", "", "judge the tokens that this `file`, such as tokens.yaml, declares")
	f.StringArrayVar(&o.dirs, "terraform-dir", nil, "the folder of the code that a plan is of: `[name=]folder` (repeatable)")
}

// Given reports whether a change is to be judged.
func (o Change) Given() bool { return len(o.plans) > 0 || o.Manifest != "" }

// NamedPath is an argument NAME=PATH.
type NamedPath struct{ Name, Path string }

// Named takes NAME=PATH apart; the name is empty where there is none.
func Named(argument string) NamedPath {
	if name, path, ok := strings.Cut(argument, "="); ok && !strings.ContainsAny(name, `/\`) {
		return NamedPath{name, path}
	}
	return NamedPath{"", argument}
}

// Roots returns the plans with the names of their root modules.
func (o Change) Roots() []NamedPath {
	var roots []NamedPath
	for _, argument := range o.plans {
		root := Named(argument)
		if root.Name == "" && root.Path == output.Stdout {
			// As if it had been saved under the usual name.
			root.Name = "plan"
		}
		if root.Name == "" {
			base := filepath.Base(root.Path)
			root.Name = strings.TrimSuffix(base, filepath.Ext(base))
		}
		roots = append(roots, root)
	}
	return roots
}

// Dir returns the folder of a plan's code; empty where none was named.
func (o Change) Dir(root string) string {
	for _, argument := range o.dirs {
		if d := Named(argument); d.Name == root || d.Name == "" {
			return d.Path
		}
	}
	return ""
}

// Validate states what contradicts itself: wanted are the labels and saved the
// inventories that are named together with the change.
func (o Change) Validate(wanted, saved []string, gate Gate) error {
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	seen := map[string]bool{}
	for _, root := range o.Roots() {
		if err := terraform.CheckRoot(root.Name); err != nil {
			problem("--terraform-plan: %w", err)
		}
		if seen[root.Name] {
			problem("two plans are called %q; give one of them another name: --terraform-plan NAME=%s", root.Name, root.Path)
		}
		seen[root.Name] = true
	}
	for _, argument := range o.dirs {
		d := Named(argument)
		switch {
		case len(o.plans) == 0:
			problem("--terraform-dir has no effect without --terraform-plan")
		case d.Name == "" && len(o.plans) > 1:
			problem("--terraform-dir %s: there are several plans; say whose code it is: --terraform-dir NAME=%s", d.Path, d.Path)
		case d.Name != "" && !seen[d.Name]:
			problem("--terraform-dir %s: no plan is called %q", argument, d.Name)
		}
	}
	if o.Given() && len(wanted) > 0 {
		problem("--label has no effect on a plan or a manifest: what is declared has no labels")
	}
	if o.Manifest != "" && len(o.plans)+len(saved) > 0 {
		problem("--manifest is judged by itself; `tokenaudit drift` compares it with inventories")
	}
	if len(o.plans) > 0 && gate.FailOnUnchanged && gate.FailOnNew {
		problem("--fail-on-new and --fail-on-unchanged contradict each other")
	}
	if err := errors.Join(problems...); err != nil {
		return cli.Misuse(err)
	}
	return nil
}

// Inputs are the files that the flags name.
func (o Change) Inputs() []places.Input {
	inputs := []places.Input{{Path: o.Manifest, Is: "the manifest"}}
	for _, root := range o.Roots() {
		inputs = append(inputs, places.Input{Path: root.Path, Is: "a Terraform plan"})
	}
	for _, argument := range o.dirs {
		inputs = append(inputs, places.TerraformCode(Named(argument).Path))
	}
	return inputs
}
