package inputcheck

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/tokenaudit/tokenaudit/policies/risk"
)

// Recorder is a tracer that checks each input under which anything is evaluated in a
// test, whatever it was made of. It takes tests one at a time, and sees neither an
// input that a test does not come to nor arguments that a test passes to a function.
type Recorder struct {
	// Next gets every event, too.
	Next topdown.QueryTracer
	// Shape is what an input may look like.
	Shape *Shape
	// Modules are the rules and tests, by file.
	Modules map[string]*ast.Module

	test     *ast.Rule
	partial  bool
	input    *ast.Term
	problems []Problem
}

// Problem is the first input of a test that is not one.
type Problem struct {
	Test *ast.Rule
	// Detail begins with the JSON pointer of the place.
	Detail string
}

// Problems are those of the tests that have run, in their order, one a test.
func (r *Recorder) Problems() []Problem { return r.problems }

// Enabled is part of [topdown.QueryTracer].
func (r *Recorder) Enabled() bool { return true }

// Config is part of [topdown.QueryTracer].
func (r *Recorder) Config() topdown.TraceConfig { return r.Next.Config() }

// TraceEvent is part of [topdown.QueryTracer].
func (r *Recorder) TraceEvent(event topdown.Event) {
	r.Next.TraceEvent(event)
	if rule, ok := event.Node.(*ast.Rule); ok && event.Op == topdown.EnterOp && isTest(rule) {
		r.test, r.partial, r.input = rule, partial(r.Modules, rule), nil
	}
	input := event.Input()
	if r.test == nil || input == nil || input == r.input {
		return
	}
	r.input = input
	if n := len(r.problems); n > 0 && r.problems[n-1].Test == r.test {
		return
	}
	value, err := ast.JSON(input.Value)
	if object, ok := value.(map[string]any); ok && ofRisk(r.test) {
		delete(object, risk.Verdicts) // which rules do not read
	}
	problem := r.Shape.Check(value, r.partial)
	if err != nil {
		problem = fmt.Sprintf("the input is not JSON: %v", err)
	}
	if problem != "" {
		r.problems = append(r.problems, Problem{r.test, problem})
	}
}

// ofRisk reports whether a test is one of a risk model.
func ofRisk(test *ast.Rule) bool {
	return test.Module != nil && strings.HasSuffix(test.Module.Package.Path.String(), ".risk_test")
}

func isTest(rule *ast.Rule) bool {
	return strings.HasPrefix(rule.Head.Name.String(), tester.TestPrefix)
}

var _ topdown.QueryTracer = (*Recorder)(nil)
