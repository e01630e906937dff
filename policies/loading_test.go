package policies

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// slowToCompile is a rule that takes the compiler seconds, though it is not complex.
func slowToCompile() string {
	var names []string
	for i := range 5000 {
		names = append(names, fmt.Sprintf("v%d", i))
	}
	return customRule("deny contains {\"token\": token.id, \"message\": \"m\"} if {\n\tsome token in input.tokens\n\tsome " + strings.Join(names, ", ") + "\n\ttrue\n}\n")
}

// A rule that does not load in time is named, and the others are not.
func TestLoadTimeout(t *testing.T) {
	path := write(t, map[string]string{"a.rego": strings.ReplaceAll(customRule(denyNames), "rules.ours", "rules.a"), "slow.rego": slowToCompile()})
	for name, load := range map[string]func(limit time.Duration) error{
		"load": func(limit time.Duration) error {
			_, err := Load(t.Context(), LoadOptions{Paths: []string{path}, LoadTimeout: limit})
			return err
		},
		"test": func(limit time.Duration) error {
			_, err := RunTests(t.Context(), []string{path}, TestOptions{LoadTimeout: limit})
			return err
		},
	} {
		limit := 100 * time.Millisecond
		err := load(limit)
		errs, ok := errors.AsType[LoadErrors](err)
		// On a busy machine that may be over before the first file of the folder is opened.
		for ok && !strings.HasSuffix(errs[0].File, ".rego") && limit < 10*time.Second {
			limit *= 2
			err = load(limit)
			errs, ok = errors.AsType[LoadErrors](err)
		}
		if !ok || len(errs) != 1 || !strings.HasSuffix(errs[0].File, ".rego") ||
			!strings.Contains(errs[0].Detail, "took longer than "+limit.String()) || !strings.Contains(errs[0].Detail, "limits.load_timeout") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Loading ends with its context, though the compiler does not look at it.
func TestLoadEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errors.New("interrupted"))
	defer cancel()
	path := write(t, map[string]string{"slow.rego": slowToCompile()})
	if _, err := Load(ctx, LoadOptions{Paths: []string{path}, LoadTimeout: time.Hour}); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("got %v", err)
	}
}

// Complex rules and tests are refused with their place before they are compiled.
func TestComplexRules(t *testing.T) {
	nested := "x := " + strings.Repeat("[y | y := ", 30) + "1" + strings.Repeat("]", 30) + "\n"
	for name, files := range map[string]map[string]string{
		"a rule": {"ours.rego": customRule(denyNames + nested)},
		"a lib":  {"ours.rego": customRule(denyNames), "lib.rego": "package custom.lib\n\n" + nested},
		"a test": {"ours.rego": customRule(denyNames), "ours_test.rego": "package custom.rules.ours_test\n\n" + nested},
	} {
		_, err := RunTests(t.Context(), []string{write(t, files)}, TestOptions{})
		if errs, ok := errors.AsType[LoadErrors](err); !ok || len(errs) != 1 || errs[0].Line == 0 || !strings.Contains(errs[0].Detail, "nested more than 8 deep") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
