package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/scaffold"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/pages"
)

// rulesNewOptions are the flags and arguments of rules new.
type rulesNewOptions struct {
	program *program.Program
	name    string
	folder  string
}

func newRulesNew(p *program.Program, run func(context.Context, rulesNewOptions) error) *cobra.Command {
	o := rulesNewOptions{program: p}
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a custom rule with its test, its page and fixtures, to start from",
		Long: `New writes a rule, its test, its page and complete tokens for the test into a folder
of their own. They work as they are; change them into what you want to find. It never
overwrites.`,
		Example: "  tokenaudit rules new our-naming\n  tokenaudit rules test policies",
		Args:    cli.Takes("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.folder, "dir", "policies", "the `folder` of the custom rules")
	return cmd
}

var ruleName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

func runRulesNew(ctx context.Context, o rulesNewOptions) (err error) {
	if !ruleName.MatchString(o.name) {
		return cli.Misuse(fmt.Errorf("invalid rule name %q: expected lower-case words joined by hyphens, for example our-naming", o.name))
	}
	folder := filepath.Join(o.folder, o.name)
	if err := os.MkdirAll(o.folder, 0o755); err != nil {
		return fmt.Errorf("make the folder of the rules: %w", err)
	}
	if err := os.Mkdir(folder, 0o755); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already and is left as it is", folder)
	} else if err != nil {
		return fmt.Errorf("make the folder of the rule: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(folder))
		}
	}()
	pkg := strings.ReplaceAll(o.name, "-", "_")
	if err := scaffold.Rule(folder, pkg); err != nil {
		return err
	}
	engine, err := program.Rules(ctx, &config.Config{}, []string{folder}, nil)
	if err != nil {
		return err
	}
	if err := scaffold.Fixtures(folder, pkg, engine); err != nil {
		return err
	}
	rules := engine.Known()
	i := slices.IndexFunc(rules, func(r policies.Rule) bool { return r.Custom })
	if i < 0 {
		return errors.New("the new rule was not found again")
	}
	if err := os.WriteFile(filepath.Join(folder, "README.md"), []byte(pages.Page(rules[i], o.program.Registry.Title)), 0o644); err != nil {
		return fmt.Errorf("write the page of the rule: %w", err)
	}
	o.program.Note("wrote %s: the rule %s, its test, its page and fixtures", folder, rules[i].ID)
	o.program.Note("test it with: tokenaudit rules test %s; use it with policies: {paths: [%s]} or --policy %s", folder, o.folder, o.folder)
	return nil
}
