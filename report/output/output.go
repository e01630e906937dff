// Package output lists the formats, reads the values of -o, and writes reports to
// files, which it replaces atomically, and to standard output.
package output

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/parts"
)

// Stdout is the path that stands for standard output.
const Stdout = "-"

// Output is one report to write: a format, and where to.
type Output struct {
	Format format.Format
	// Path is a file, or Stdout.
	Path string
	// Team is the one whose part of the report is written; empty for the whole.
	Team string
}

// parseOutput reads "FORMAT" or "FORMAT=FILE", the value of -o. FILE may be -
// for standard output, which is also the default.
func parseOutput(spec string) (Output, error) {
	name, path, given := strings.Cut(spec, "=")
	f, err := Lookup(name)
	if err != nil {
		return Output{}, err
	}
	if !given {
		path = Stdout
	}
	if path == "" {
		return Output{}, fmt.Errorf("output %q: no file after the equals sign (- for standard output)", spec)
	}
	if folder, _ := filepath.Split(path); strings.Contains(folder, perOwner) {
		return Output{}, fmt.Errorf("output %q: %s is allowed only in the name of the file, as in reports/%s.md", spec, perOwner, perOwner)
	}
	return Output{Format: f, Path: path}, nil
}

// ParseOutputs reads all values of -o. None means the table on standard
// output. Two formats on standard output, or in one file, are an error.
func ParseOutputs(specs []string) ([]Output, error) {
	if len(specs) == 0 {
		specs = []string{"table"}
	}
	outputs := make([]Output, 0, len(specs))
	for _, spec := range specs {
		output, err := parseOutput(spec)
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, output)
	}
	if err := unclashed(outputs); err != nil {
		return nil, err
	}
	return outputs, nil
}

func clash(first string, second Output) error {
	if second.Path == Stdout {
		return fmt.Errorf("both %s and %s would go to standard output: give one of them a file, as in -o %s=FILE",
			first, second.Format.Name, second.Format.Name)
	}
	return fmt.Errorf("both %s and %s would be written to %s", first, second.Format.Name, second.Path)
}

// WriteOutputs writes every output, of which one with a team has its part of the report.
// Files are replaced atomically, and only
// once all of them could be written: after an error no file has changed, or
// every one of them is whole. Width and Color of the options hold
// for stdout alone.
func WriteOutputs(ctx context.Context, outputs []Output, stdout io.Writer, r *report.Report, o format.Options) (err error) {
	fileOptions := o
	fileOptions.Width, fileOptions.Color = 0, false
	var files []*atomicFile
	defer func() {
		for _, f := range files {
			err = errors.Join(err, f.discard())
		}
	}()
	for _, output := range outputs {
		if output.Path == Stdout {
			continue
		}
		f, err := createAtomic(ctx, output.Path)
		if err != nil {
			return err
		}
		files = append(files, f)
		part := r
		if output.Team != "" {
			if part, err = parts.OfTeams(r, []string{output.Team}); err != nil {
				return fmt.Errorf("%s: %w", output.Path, err)
			}
		}
		if err := output.Format.Render(f, part, fileOptions); err != nil {
			return fmt.Errorf("%s: %w", output.Path, err)
		}
	}
	for _, f := range files {
		if err := f.commit(); err != nil {
			return err
		}
	}
	for _, output := range outputs {
		if output.Path == Stdout {
			if err := output.Format.Render(stdout, r, o); err != nil {
				return err
			}
		}
	}
	return nil
}
