package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
)

// FuzzParse: whatever the file holds, parsing ends, gives either a
// configuration or located errors, and two readings agree.
func FuzzParse(f *testing.F) {
	f.Add(complete)
	f.Add("version: 1\nsources: [{cms: paper, token: CFPAT-x}]\n")
	f.Add("version: !!int \"\"\ngate: &a {fail_on: *a}\n")
	f.Add("version: 1\npolicies: {rules: {a: {params: {b: &x [*x, !!bool \"\"]}}}}\n")
	f.Add("? [a]\n: b\n")
	f.Add("version: 1\n---\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := config.Parse("f.yaml", []byte(text), definitions())
		again, errAgain := config.Parse("f.yaml", []byte(text), definitions())
		if err == nil {
			if errAgain != nil || c.Digest == "" || c.Digest != again.Digest {
				t.Fatalf("two readings differ: %v", errAgain)
			}
			return
		}
		var all config.Errors
		if !errors.As(err, &all) || len(all) == 0 || len(all) > 20 {
			t.Fatalf("not a list of mistakes: %v", err)
		}
		for _, e := range all {
			if e.File != "f.yaml" || e.Message == "" || strings.ContainsAny(e.Error(), "\n\r\x1b") {
				t.Fatalf("a mistake that cannot be printed: %q", e.Error())
			}
		}
		if errAgain == nil || errAgain.Error() != err.Error() {
			t.Fatal("two readings differ")
		}
	})
}
