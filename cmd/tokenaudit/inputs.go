package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/collectors/command"
	"github.com/tokenaudit/tokenaudit/collectors/terraform"
	"github.com/tokenaudit/tokenaudit/report/output"
)

// input is a file that a command rests on, or a folder of them.
type input struct {
	// path may be empty, for a flag that was not given, or output.Stdout, which
	// stands for standard input.
	path string
	// is says what it is to the command, such as "the baseline".
	is string
	// suffixes are how those files end that count in a folder.
	suffixes []string
}

// inputsAs gives paths that are all the same to the command.
func inputsAs(is string, paths []string, suffixes ...string) []input {
	inputs := make([]input, len(paths))
	for i, path := range paths {
		inputs[i] = input{path, is, suffixes}
	}
	return inputs
}

func (o gateOptions) inputs() []input { return []input{{path: o.baseline, is: "the baseline"}} }

func (o judgeOptions) inputs() []input {
	return slices.Concat(o.gateOptions.inputs(), inputsAs("an earlier inventory", o.previous), customRules(o.policies))
}

func (o changeOptions) inputs() []input {
	inputs := []input{{path: o.manifest, is: "the manifest"}}
	for _, root := range o.roots() {
		inputs = append(inputs, input{path: root.path, is: "a Terraform plan"})
	}
	for _, argument := range o.dirs {
		inputs = append(inputs, terraformCode(named(argument).path))
	}
	return inputs
}

func terraformCode(folder string) input {
	return input{folder, "Terraform code", []string{".tf", ".tofu", ".tf.json", ".tofu.json"}}
}

func (r *reading) inputs() []input {
	return append(configInputs(r.config), input{path: r.options.caBundle, is: "the bundle of CA certificates"})
}

func customRules(paths []string) []input { return inputsAs("a custom rule", paths, ".rego") }

// namedConfig is the configuration that a flag names, which may be empty.
func namedConfig(file string) input {
	return input{path: cmp.Or(file, config.DefaultFile), is: "the configuration"}
}

// configInputs are the configuration and the files that it names.
func configInputs(cfg *config.Config) []input {
	inputs := []input{{path: cfg.File, is: "the configuration"}}
	for _, u := range cfg.Usage {
		inputs = append(inputs, input{path: resolve(cfg.Dir, u.File), is: "a usage file of the configuration"})
	}
	for _, path := range cfg.PolicyPaths {
		inputs = append(inputs, customRules([]string{resolve(cfg.Dir, path)})...)
	}
	for _, file := range cfg.SecretFiles() {
		inputs = append(inputs, input{path: resolve(cfg.Dir, file), is: "the file of a secret"})
	}
	for _, s := range cfg.Sources {
		switch s.Entry.CMS {
		case terraform.CMS:
			inputs = append(inputs, input{path: resolve(cfg.Dir, s.Entry.String("plan")), is: "a Terraform plan"})
			if folder := s.Entry.String("dir"); folder != "" {
				inputs = append(inputs, terraformCode(resolve(cfg.Dir, folder)))
			}
		case command.CMS:
			for _, word := range s.Entry.Strings("run") {
				inputs = append(inputs, input{path: resolve(cfg.Dir, word), is: "a program of the configuration"})
			}
		}
	}
	return inputs
}

// readOnce refuses to take two inputs from standard input.
func readOnce(inputs []input) error {
	piped := 0
	for _, in := range inputs {
		if in.path == output.Stdout {
			piped++
		}
	}
	if piped > 1 {
		return cli.Misuse(errors.New("standard input can be read only once: give all but one of the - a file"))
	}
	return nil
}

// keepInputs refuses outputs that would replace what the command rests on, by
// whatever name they are called, and what readOnce refuses.
func (a *app) keepInputs(paths []string, inputs []input) error {
	if err := readOnce(inputs); err != nil {
		return err
	}
	for _, path := range paths {
		stat, err := os.Stat(path)
		if path == "" || path == output.Stdout || err != nil || !stat.Mode().IsRegular() {
			continue
		}
		for _, in := range inputs {
			switch {
			case in.path == output.Stdout:
				if a.readsFrom(stat) {
					return refused(path, "standard input")
				}
			case in.path != "" && samePlace(path, in.path):
				return refused(in.path, in.is)
			case in.path != "" && in.holds(path):
				return refused(path, in.is)
			}
		}
	}
	return nil
}

func refused(path, is string) error {
	return cli.Misuse(fmt.Errorf("%s is %s here, and would be overwritten; write to another file", path, is))
}

// readsFrom tells whether standard input comes from that file.
func (a *app) readsFrom(file fs.FileInfo) bool {
	if a.InFile == nil {
		return false
	}
	stat, err := a.InFile.Stat()
	return err == nil && os.SameFile(stat, file)
}

// holds tells whether an input is a folder and the file one of those in it that
// count.
func (in input) holds(file string) bool {
	if !slices.ContainsFunc(in.suffixes, func(s string) bool { return strings.HasSuffix(file, s) }) {
		return false
	}
	relative, err := filepath.Rel(realPath(in.path), realPath(file))
	return err == nil && filepath.IsLocal(relative)
}
