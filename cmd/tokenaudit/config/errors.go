package config

import (
	"fmt"
	"slices"
	"strings"
)

// maxErrors bounds how many mistakes of one file are looked for.
const maxErrors = 20

// Error is one mistake in a configuration: one place, one sentence. It never
// holds a value of the file, because a value may be a secret in the wrong place.
type Error struct {
	File string
	// Line counts from 1; 0 where the whole file is meant.
	Line int
	// Key is the path of the key, such as "sources[2].token"; may be empty.
	Key     string
	Message string
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": ")
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(e.Message)
	return b.String()
}

// ExitCode is 2: a configuration error gives no verdict.
func (e *Error) ExitCode() int { return 2 }

// Errors are the mistakes of one file, by line, at most 20.
type Errors []*Error

func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// ExitCode is 2: a configuration error gives no verdict.
func (es Errors) ExitCode() int { return 2 }

// Unwrap returns the mistakes one by one.
func (es Errors) Unwrap() []error {
	errs := make([]error, len(es))
	for i, e := range es {
		errs[i] = e
	}
	return errs
}

// sortErrors orders mistakes by line; those of one line keep the order in which
// they were found, which follows the file.
func sortErrors(es Errors) Errors {
	slices.SortStableFunc(es, func(a, b *Error) int { return a.Line - b.Line })
	return es
}
