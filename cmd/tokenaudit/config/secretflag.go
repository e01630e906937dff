package config

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// SecretFlag says where a secret comes from that is named on the command line.
type SecretFlag struct{ ref secretRef }

// ParseSecretFlag reads env:NAME, command:PROGRAM ARGUMENT..., or the path of a file, which
// file: may precede. Arguments are separated by blanks; no shell is involved.
func ParseSecretFlag(text string) (SecretFlag, error) {
	kind, value, ok := strings.Cut(text, ":")
	words := strings.Fields(value)
	switch {
	case ok && kind == "env" && variableName.MatchString(value):
		return SecretFlag{secretRef{env: value}}, nil
	case ok && kind == "env":
		return SecretFlag{}, errors.New("env: must be followed by the name of an environment variable, for example env:TOKENAUDIT_SEAL_KEY")
	case ok && kind == "command" && len(words) > 0:
		return SecretFlag{secretRef{command: words}}, nil
	case ok && kind == "command":
		return SecretFlag{}, errors.New("command: must be followed by a program and its arguments")
	case ok && kind == "file":
		text = value
	}
	if text == "" || strings.Contains(text, "-----BEGIN ") {
		return SecretFlag{}, errors.New("expected a file, env:NAME or command:PROGRAM, for example env:TOKENAUDIT_SEAL_KEY")
	}
	return SecretFlag{secretRef{file: text}}, nil
}

// File is the file that the secret is read from; empty for none.
func (f SecretFlag) File() string { return f.ref.file }

// Read returns the secret, which may have several lines. The error does not hold it.
func (f SecretFlag) Read(ctx context.Context, env Environment) ([]byte, error) {
	value, err := f.ref.fetch(ctx, env, ".")
	if err != nil {
		return nil, err
	}
	if len(value) > maxSecret {
		return nil, fmt.Errorf("the secret is longer than %d KiB", maxSecret>>10)
	}
	return []byte(value), nil
}
