package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config/template"
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/redact"
	"github.com/tokenaudit/tokenaudit/collectors/userfile"
)

const (
	// maxSecret bounds a secret, in bytes.
	maxSecret = 64 << 10
	// commandTimeout bounds one command that prints a secret.
	commandTimeout = 30 * time.Second
)

// secretRef says where a secret comes from. Exactly one of env, file and
// command is set.
type secretRef struct {
	path string
	line int
	env  string
	file string
	// command is a program and its arguments; no shell is involved.
	command []string
	// into and key say where the resolved secret goes.
	into map[string]any
	key  string
}

var secretKeys = []string{"env", "file", "command"}

var (
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	// usualName tells a name that can be shown; one in lower case may be a
	// secret that was pasted in place of its name.
	usualName = regexp.MustCompile(`^[A-Z_][A-Z0-9_]{0,63}$`)
)

// secret reads a reference to a secret, and refuses a secret.
func (r *reader) secret(n *yaml.Node, path, cms string, option collectors.Option) (secretRef, bool) {
	line := n.Line
	if k := r.follow(n); k.Kind == yaml.ScalarNode && !isNull(k) {
		r.failLine(line, path, "secrets are not allowed in the file; write %s: {env: %s}, {file: path} or {command: [program, argument]}",
			option.Key, template.Variable(cms, option))
		return secretRef{}, false
	}
	before := len(r.errs)
	m, ok := r.mapping(n, path, nil)
	if !ok {
		return secretRef{}, false
	}
	given := m.given(secretKeys)
	if len(r.errs) == before && (len(given) != 1 || len(m.keys) != 1) {
		// A key is not named here: in token: {abc123} it is the secret.
		r.failLine(line, path, "give exactly one of env, file and command, and nothing else")
	}
	if len(r.errs) > before {
		return secretRef{}, false
	}
	ref := secretRef{path: path, line: line}
	key := given[0]
	if key == "command" {
		ref.command = r.words(m.get(key), m.at(key))
		if len(r.errs) == before && len(ref.command) == 0 {
			r.failLine(line, m.at(key), "the list is empty; it holds the program and its arguments, no shell is used")
		}
		return ref, len(r.errs) == before
	}
	value, ok := r.text(m.get(key), m.at(key), false)
	if key == "file" {
		ref.file = value
		return ref, ok
	}
	if ok && !variableName.MatchString(value) {
		r.fail(m.get(key), m.at(key), "must be the name of an environment variable, such as %s", template.Variable(cms, option))
		return secretRef{}, false
	}
	ref.env = value
	return ref, ok
}

// Environment is what secrets are resolved against.
type Environment struct {
	// Lookup finds an environment variable.
	Lookup func(name string) (string, bool)
	// Environ is what commands are run with.
	Environ []string
}

// SecretFiles returns the files that secrets are read from, as the configuration
// names them.
func (c *Config) SecretFiles() []string {
	var files []string
	if ref := c.database; ref != nil && ref.file != "" {
		files = append(files, ref.file)
	}
	for _, s := range slices.Concat(c.Sources, c.Notify) {
		for _, ref := range s.secrets {
			if ref.file != "" {
				files = append(files, ref.file)
			}
		}
	}
	return files
}

// Entries resolves the secrets of all sources and returns their entries. Every
// secret that cannot be had is an Error; nothing is returned then. Commands run
// one after the other, so that one that asks on the terminal is asked alone.
func (c *Config) Entries(ctx context.Context, env Environment) ([]collectors.Entry, error) {
	return resolve(ctx, env, c.Dir, c.Sources)
}

func resolve(ctx context.Context, env Environment, dir string, sources []Source) ([]collectors.Entry, error) {
	var errs Errors
	entries := make([]collectors.Entry, 0, len(sources))
	for _, s := range sources {
		for _, ref := range s.secrets {
			value, err := ref.resolve(ctx, env, dir)
			if err != nil {
				errs = append(errs, &Error{File: s.Entry.Origin.File, Line: ref.line, Key: ref.path, Message: err.Error()})
				continue
			}
			ref.into[ref.key] = cmsapi.NewSecret(value)
		}
		entries = append(entries, s.Entry)
	}
	if len(errs) > 0 {
		return nil, sortErrors(errs)
	}
	return entries, nil
}

// fetch reads the text that a secret stands in.
func (ref secretRef) fetch(ctx context.Context, env Environment, dir string) (string, error) {
	switch {
	case ref.env != "":
		return ref.fromVariable(env)
	case ref.file != "":
		return ref.fromFile(dir)
	}
	return ref.fromCommand(ctx, env, dir)
}

func (ref secretRef) resolve(ctx context.Context, env Environment, dir string) (string, error) {
	value, err := ref.fetch(ctx, env, dir)
	if err != nil {
		return "", err
	}
	value = strings.TrimRight(value, "\r\n")
	switch {
	case strings.TrimSpace(value) == "":
		return "", errors.New("the secret is empty")
	case len(value) > maxSecret:
		return "", fmt.Errorf("the secret is longer than %d KiB", maxSecret>>10)
	case strings.ContainsFunc(value, unicode.IsControl):
		return "", errors.New("the secret holds a line break or a control character")
	}
	return value, nil
}

func (ref secretRef) fromVariable(env Environment) (string, error) {
	value, ok := env.Lookup(ref.env)
	name := "the environment variable it names"
	if usualName.MatchString(ref.env) {
		name = "the environment variable " + ref.env
	}
	switch {
	case !ok:
		return "", errors.New(name + " is not set")
	case strings.TrimSpace(value) == "":
		return "", errors.New(name + " is empty")
	}
	return value, nil
}

func (ref secretRef) fromFile(dir string) (string, error) {
	path := ref.file
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	// Opening a pipe would wait for its writer.
	value, err := userfile.Read(path, maxSecret+2)
	if err != nil {
		return "", fmt.Errorf("cannot read the secret's file%s: %w", shownPath(ref.file), userfile.Reason(err))
	}
	return string(value), nil
}

// shownPath names a path where it cannot be the secret itself, written in the wrong place:
// one with a folder or an extension, with what looks like a credential taken out.
func shownPath(path string) string {
	if !strings.ContainsAny(path, `/\.`) {
		return ""
	}
	return fmt.Sprintf(" %q", redact.Text(path))
}

// fromCommand runs the command without a shell and without input. What it
// prints on stderr is not passed on, because it may quote the secret.
func (ref secretRef) fromCommand(ctx context.Context, env Environment, dir string) (string, error) {
	run := ctx
	ctx, cancel := context.WithTimeout(run, commandTimeout)
	defer cancel()
	out := &limitedBuffer{limit: maxSecret + 2}
	cmd := exec.CommandContext(ctx, ref.command[0], ref.command[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout = dir, env.Environ, out
	// A grandchild that keeps the pipe open must not keep us waiting.
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return out.String(), nil
	case errors.Is(ctx.Err(), context.Canceled):
		return "", errors.New("the secret's command was interrupted")
	case run.Err() != nil:
		return "", errors.New("the secret's command did not end within the time limit of the run")
	case ctx.Err() != nil:
		return "", fmt.Errorf("the secret's command did not finish within %s", commandTimeout)
	case errors.As(err, &exit):
		return "", fmt.Errorf("the secret's command failed: %s; run it by hand to see why", exit.ProcessState)
	case errors.Is(err, exec.ErrNotFound):
		return "", errors.New("the secret's command was not found")
	}
	return "", fmt.Errorf("the secret's command could not run: %w", userfile.Reason(err))
}

// limitedBuffer keeps the first bytes of a stream and drops the rest, so that a
// command that prints without end does not fill the memory before its time is up.
type limitedBuffer struct {
	bytes.Buffer
	limit int
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if room := b.limit - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
