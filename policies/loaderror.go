package policies

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/collectors/redact"
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

// LoadErrors is all that is wrong with the rules, sorted by place. Load gives
// it, so that the user sees everything at once.
type LoadErrors []*LoadError

func (es LoadErrors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// asLoadErrors returns a single LoadError the type that Load promises.
func asLoadErrors(err error) error {
	if one, ok := errors.AsType[*LoadError](err); ok {
		return LoadErrors{one}
	}
	return err
}

// faults collects what is wrong with a set of rules.
type faults struct{ list LoadErrors }

func (f *faults) at(location *ast.Location, format string, args ...any) {
	e := &LoadError{Detail: fmt.Sprintf(format, args...)}
	if location != nil {
		e.File, e.Line = location.File, location.Row
	}
	f.list = append(f.list, e)
}

func (f *faults) file(path, format string, args ...any) {
	f.list = append(f.list, &LoadError{File: path, Detail: fmt.Sprintf(format, args...)})
}

// opa takes over an error of OPA's parser or compiler. It may quote a line, and a
// rule has no business with credentials.
func (f *faults) opa(err error) {
	var several ast.Errors
	if !errors.As(err, &several) {
		var single *ast.Error
		if !errors.As(err, &single) {
			f.list = append(f.list, &LoadError{Detail: oneLine(redact.Text(err.Error()))})
			return
		}
		several = ast.Errors{single}
	}
	for _, e := range several {
		detail := e.Message
		if e.Details != nil {
			detail = strings.Join(append([]string{detail}, e.Details.Lines()...), "\n| ")
		}
		f.at(e.Location, "%s: %s", e.Code, oneLine(redact.Text(detail)))
	}
}

// err returns what was collected, sorted, without repetitions; nil for nothing.
func (f *faults) err() error {
	if len(f.list) == 0 {
		return nil
	}
	slices.SortStableFunc(f.list, func(a, b *LoadError) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Detail, b.Detail))
	})
	return slices.CompactFunc(f.list, func(a, b *LoadError) bool { return *a == *b })
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
