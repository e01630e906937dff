package terraform

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Definition describes the entries that read a plan.
func Definition() collectors.Definition {
	return collectors.Definition{
		CMS:   CMS,
		Title: "Terraform or OpenTofu plan",
		Options: []collectors.Option{
			{Key: "name", Type: collectors.OptionString, Required: true, Example: "web",
				Help: "The name of the root module: part of the ids of tokens that do not exist yet."},
			{Key: "plan", Type: collectors.OptionString, Required: true, Example: "plan.json",
				Help: "The plan as `terraform show -json` prints it; a relative path is resolved from the folder of this file."},
			{Key: "dir", Type: collectors.OptionString, Example: "infra",
				Help: "The folder of the code, so that findings point to the line that declares a token."},
		},
		Kinds: map[inventory.SourceKind][]inventory.Kind{inventory.KindPlan: kinds()},
		Facts: facts(),
		LeastPrivilege: "Reading a plan needs no credential. Making one needs those of the providers; a plan contains the secrets of the " +
			"state, so protect the file, and delete it afterwards.",
		New: open,
	}
}

func open(entry collectors.Entry, run collectors.Run) (collectors.Collector, error) {
	if entry.BaseURL != "" || entry.RequestsPerSecond != 0 || entry.Timeout != 0 {
		return nil, errors.New("base_url, requests_per_second and timeout have no effect here: a plan is read from a file")
	}
	if err := CheckRoot(entry.Name); err != nil {
		return nil, fmt.Errorf("name: %w", err)
	}
	c := &collector{root: entry.Name, plan: resolve(run.Dir, entry.String("plan")), now: run.Now}
	if dir := entry.String("dir"); dir != "" {
		c.dir = resolve(run.Dir, dir)
	}
	return c, nil
}

// CheckRoot says what is wrong with the name of a root module; nil for nothing.
func CheckRoot(name string) error {
	switch {
	case name == "":
		return errors.New("the root module has no name")
	case len(name) > 200 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("%.40q is not a valid name of a root module", name)
	}
	return nil
}

func resolve(dir, path string) string {
	if dir == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// kinds are the kinds of tokens that a plan may declare.
func kinds() []inventory.Kind {
	return []inventory.Kind{inventory.Delivery, inventory.Preview, inventory.Management, inventory.Personal, inventory.App}
}
