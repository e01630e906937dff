package places

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

// Input is a file that a command rests on, or a folder of them.
type Input struct {
	// Path may be empty, for a flag that was not given, or output.Stdout, which
	// stands for standard input.
	Path string
	// Is says what it is to the command, such as "the baseline".
	Is string
	// suffixes are how those files end that count in a folder.
	suffixes []string
}

// InputsAs returns paths that are all the same to the command.
func InputsAs(is string, paths []string, suffixes ...string) []Input {
	inputs := make([]Input, len(paths))
	for i, path := range paths {
		inputs[i] = Input{path, is, suffixes}
	}
	return inputs
}

// TerraformCode is a folder of Terraform code.
func TerraformCode(folder string) Input {
	return Input{folder, "Terraform code", []string{".tf", ".tofu", ".tf.json", ".tofu.json"}}
}

// CustomRules are files or folders of rules.
func CustomRules(paths []string) []Input { return InputsAs("a custom rule", paths, ".rego") }

// NamedConfig is the configuration that a flag names, which may be empty.
func NamedConfig(file string) Input {
	return Input{Path: cmp.Or(file, config.DefaultFile), Is: "the configuration"}
}

// OfConfig are the configuration and the files that it names.
func OfConfig(cfg *config.Config) []Input {
	inputs := []Input{{Path: cfg.File, Is: "the configuration"}}
	for _, u := range cfg.Usage {
		inputs = append(inputs, Input{Path: Resolve(cfg.Dir, u.File), Is: "a usage file of the configuration"})
	}
	if cfg.Store.File != "" {
		inputs = append(inputs, Input{Path: Resolve(cfg.Dir, cfg.Store.File), Is: "the store"})
	}
	if cfg.Profile.File != "" {
		inputs = append(inputs, Input{Path: Resolve(cfg.Dir, cfg.Profile.File), Is: "the profile"})
	}
	for _, f := range cfg.OwnersFiles {
		inputs = append(inputs, Input{Path: Resolve(cfg.Dir, f.File), Is: "a file of owners"})
	}
	for _, f := range cfg.WaiversFiles {
		inputs = append(inputs, Input{Path: Resolve(cfg.Dir, f.File), Is: "a file of waivers"})
	}
	for _, f := range cfg.ReviewsFiles {
		inputs = append(inputs, Input{Path: Resolve(cfg.Dir, f.File), Is: "a file of reviews"})
	}
	for _, path := range cfg.PolicyPaths {
		inputs = append(inputs, CustomRules([]string{Resolve(cfg.Dir, path)})...)
	}
	for _, file := range cfg.SecretFiles() {
		inputs = append(inputs, Input{Path: Resolve(cfg.Dir, file), Is: "the file of a secret"})
	}
	for _, s := range cfg.Sources {
		switch s.Entry.CMS {
		case terraform.CMS:
			inputs = append(inputs, Input{Path: Resolve(cfg.Dir, s.Entry.String("plan")), Is: "a Terraform plan"})
			if folder := s.Entry.String("dir"); folder != "" {
				inputs = append(inputs, TerraformCode(Resolve(cfg.Dir, folder)))
			}
		case command.CMS:
			for _, word := range s.Entry.Strings("run") {
				inputs = append(inputs, Input{Path: Resolve(cfg.Dir, word), Is: "a program of the configuration"})
			}
		}
	}
	return inputs
}

// ReadOnce refuses to take two inputs from standard input.
func ReadOnce(inputs []Input) error {
	piped := 0
	for _, in := range inputs {
		if in.Path == output.Stdout {
			piped++
		}
	}
	if piped > 1 {
		return cli.Misuse(errors.New("standard input can be read only once: give all but one of the - a file"))
	}
	return nil
}

// RefuseOverwrite refuses outputs that would replace what the command rests on, by
// whatever name they are called, and what readOnce refuses. stdin is the file that
// standard input comes from; nil for none.
func RefuseOverwrite(stdin *os.File, paths []string, inputs []Input) error {
	if err := ReadOnce(inputs); err != nil {
		return err
	}
	for _, path := range paths {
		stat, err := os.Stat(path)
		// What is not there may be made by the command itself: a store is.
		missing := errors.Is(err, fs.ErrNotExist)
		if path == "" || path == output.Stdout || !missing && (err != nil || !stat.Mode().IsRegular()) {
			continue
		}
		for _, in := range inputs {
			switch {
			case in.Path == output.Stdout:
				if !missing && isFile(stdin, stat) {
					return refused(path, "standard input")
				}
			case in.Path != "" && Same(path, in.Path):
				return refused(in.Path, in.Is)
			case in.Path != "" && !missing && in.holds(path):
				return refused(path, in.Is)
			}
		}
	}
	return nil
}

func refused(path, is string) error {
	return cli.Misuse(fmt.Errorf("%s is %s here, and would be overwritten; write to another file", path, is))
}

// isFile reports whether standard input comes from that file.
func isFile(stdin *os.File, file fs.FileInfo) bool {
	if stdin == nil {
		return false
	}
	stat, err := stdin.Stat()
	return err == nil && os.SameFile(stat, file)
}

// holds reports whether an input is a folder and the file one of those in it that
// count.
func (in Input) holds(file string) bool {
	if !slices.ContainsFunc(in.suffixes, func(s string) bool { return strings.HasSuffix(file, s) }) {
		return false
	}
	relative, err := filepath.Rel(realPath(in.Path), realPath(file))
	return err == nil && filepath.IsLocal(relative)
}
