package regofile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/collectors/redact"
	"github.com/tokenaudit/tokenaudit/policies/output"
)

// LoadError is one thing that is wrong with a rule. No rule is loaded then.
type LoadError struct {
	// File is the embedded path of a built-in rule, or the user's path.
	File string
	// Line counts from 1; 0 where only the file is known.
	Line int
	// Detail is one line.
	Detail string
}

func (e *LoadError) Error() string {
	switch {
	case e.File == "":
		return e.Detail
	case e.Line == 0:
		return e.File + ": " + e.Detail
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Detail)
}

// LoadErrors is all that is wrong with the rules, sorted by place. Load returns
// it, so that the user sees everything at once.
type LoadErrors []*LoadError

func (es LoadErrors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// asLoadErrors returns a single LoadError as the type that Load promises.
func asLoadErrors(err error) error {
	if one, ok := errors.AsType[*LoadError](err); ok {
		return LoadErrors{one}
	}
	return err
}

// Faults collects what is wrong with a set of rules.
type Faults struct {
	// List has them in the order in which they were found.
	List LoadErrors
}

// At adds what is wrong at a place of a Rego file, which may be nil.
func (f *Faults) At(location *ast.Location, format string, args ...any) {
	e := &LoadError{Detail: fmt.Sprintf(format, args...)}
	if location != nil {
		e.File, e.Line = location.File, location.Row
	}
	f.List = append(f.List, e)
}

// File adds what is wrong with a file.
func (f *Faults) File(path, format string, args ...any) {
	f.List = append(f.List, &LoadError{File: path, Detail: fmt.Sprintf(format, args...)})
}

// Add adds what others have collected.
func (f *Faults) Add(others ...Faults) {
	for _, other := range others {
		f.List = append(f.List, other.List...)
	}
}

// OPA takes over an error of OPA's parser or compiler. It may quote a line, and a
// rule has no business with credentials.
func (f *Faults) OPA(err error) {
	var several ast.Errors
	if !errors.As(err, &several) {
		var single *ast.Error
		if !errors.As(err, &single) {
			f.List = append(f.List, &LoadError{Detail: output.OneLine(redact.Text(err.Error()))})
			return
		}
		several = ast.Errors{single}
	}
	for _, e := range several {
		detail := e.Message
		if name, ok := strings.CutPrefix(detail, "undefined function "); ok && forbidden(name) {
			detail += ": a built-in of OPA that the sandbox forbids; rules have no network, files, environment, clock or random numbers, and input.at is the time of the audit"
		}
		if e.Details != nil {
			detail = strings.Join(append([]string{detail}, e.Details.Lines()...), "\n| ")
		}
		f.At(e.Location, "%s: %s", e.Code, output.OneLine(redact.Text(detail)))
	}
}

// Err returns what was collected, sorted, without repetitions; nil for nothing.
func (f *Faults) Err() error {
	if len(f.List) == 0 {
		return nil
	}
	slices.SortStableFunc(f.List, func(a, b *LoadError) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Detail, b.Detail))
	})
	return slices.CompactFunc(f.List, func(a, b *LoadError) bool { return *a == *b })
}
