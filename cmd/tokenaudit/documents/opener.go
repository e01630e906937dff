// Package documents opens what is saved and given to a command: inventories, reports,
// plans and manifests. A pipe can be read like a file, a file that is something else
// is named, and parts are put together only where nothing is missing.
package documents

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/collectors/manifest"
	"github.com/tokenaudit/tokenaudit/collectors/terraform"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/output"
)

// Opener opens what commands take, and says what a file is that is not what was
// wanted.
type Opener struct {
	// In is standard input, which the name - means.
	In io.Reader
	// Flag is how a flag of the command that runs is written; empty where it has none
	// of that name.
	Flag func(name string) string
	// Registry says which of the tokens of a source count.
	Registry collectors.Registry
}

// Plans reads the plans and finds the lines of what they declare.
func (o Opener) Plans(ctx context.Context, change options.Change) ([]*terraform.Plan, error) {
	var plans []*terraform.Plan
	for _, root := range change.Roots() {
		p, err := o.openPlan(ctx, root)
		if err != nil {
			return nil, err
		}
		if dir := change.Dir(root.Name); dir != "" {
			if err := p.Locate(ctx, dir, fromHere); err != nil {
				return nil, err
			}
		}
		plans = append(plans, p)
	}
	return plans, nil
}

// openPlan reads a plan; - is standard input.
func (o Opener) openPlan(ctx context.Context, root options.NamedPath) (*terraform.Plan, error) {
	if root.Path != output.Stdout {
		p, err := terraform.Open(ctx, root.Path, root.Name)
		return p, o.Mistaken(ctx, err, root.Path, "a Terraform plan")
	}
	p, err := terraform.Read(o.In, root.Name)
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return p, nil
}

// Manifest reads a manifest; - is standard input.
func (o Opener) Manifest(ctx context.Context, file string) (*manifest.Manifest, error) {
	if file == output.Stdout {
		return manifest.Read(o.In, "standard input")
	}
	m, err := manifest.Open(ctx, file)
	return m, o.Mistaken(ctx, err, file, "a manifest")
}

// fromHere returns a path as seen from the working folder, which in a pipeline is
// the root of the repository; one outside of it stays as it is.
func fromHere(path string) string {
	here, err := os.Getwd()
	if err != nil || !filepath.IsAbs(path) {
		return path
	}
	relative, err := filepath.Rel(here, path)
	if err != nil || relative == ".." || strings.HasPrefix(relative, ".."+string(filepath.Separator)) {
		return path
	}
	return relative
}

// Report reads a saved report; - is standard input.
func (o Opener) Report(ctx context.Context, file string) (*report.Report, error) {
	return ReadInput(ctx, o, file, "a report", report.Read)
}

// Inventory reads a saved inventory as a whole; - is standard input.
func (o Opener) Inventory(ctx context.Context, file string) (inventory.Inventory, error) {
	return ReadInput(ctx, o, file, "an inventory", func(in io.Reader) (inventory.Inventory, error) {
		return codec.ReadAll(ctx, in, codec.Limits{})
	})
}

// ReadInput reads a file, or standard input where it is called -. wanted says what it
// is to be.
func ReadInput[T any](ctx context.Context, o Opener, file, wanted string, read func(io.Reader) (T, error)) (T, error) {
	if file != output.Stdout {
		value, err := readFile(ctx, file, read)
		return value, o.Mistaken(ctx, err, file, wanted)
	}
	value, err := read(o.In)
	if err != nil {
		return value, fmt.Errorf("standard input: %w", err)
	}
	return value, nil
}

// readFile reads a file and tells its name in every error.
func readFile[T any](ctx context.Context, file string, read func(io.Reader) (T, error)) (T, error) {
	var none T
	f, err := interruptible.Open(ctx, file)
	if err != nil {
		return none, err
	}
	defer f.Close() //nolint:errcheck // opened for reading only
	value, err := read(f)
	if err != nil {
		return none, fmt.Errorf("%s: %w", file, err)
	}
	return value, nil
}
