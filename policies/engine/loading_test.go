package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/policies/policytest"
)

// Loading ends with its context, though the compiler does not look at it.
func TestLoadEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errors.New("interrupted"))
	defer cancel()
	path := policytest.Write(t, map[string]string{"slow.rego": policytest.SlowToCompile()})
	if _, err := Load(ctx, LoadOptions{Paths: []string{path}, LoadTimeout: time.Hour}); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("got %v", err)
	}
}

// A rule that does not load in time is named, and the others are not.
func TestLoadTimeout(t *testing.T) {
	policytest.TimesOut(t, func(path string, limit time.Duration) error {
		_, err := Load(t.Context(), LoadOptions{Paths: []string{path}, LoadTimeout: limit})
		return err
	})
}
