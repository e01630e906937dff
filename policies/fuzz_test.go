package policies

import (
	"os"
	"path/filepath"
	"testing"
)

// Whatever text stands in a custom rule, it is loaded whole or refused with an
// error, and a rule that is loaded judges without breaking the engine.
func FuzzCustomRule(f *testing.F) {
	f.Add(customRule(denyNames))
	f.Add(customRule("deny contains {\"token\": token.id, \"message\": token.name} if some token in input.tokens\n"))
	f.Add("package custom.rules.ours\n")
	f.Add("# METADATA\n# custom: {params: {x: {default: [1, {a: b}]}}, controls: 3, kinds: delivery}\npackage custom.rules.ours\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := compileLibrary(t.Context(), customNamespace, []module{{path: "ours.rego", text: []byte(text)}}, nil, &place{})
		if err != nil {
			return
		}
		for _, rule := range l.rules {
			if rule.Title == "" || rule.Severity == "" || rule.Remediation["default"] == "" {
				t.Errorf("a rule was loaded without all of its METADATA: %+v", rule.Rule)
			}
		}
	})
}

// A bundle is whatever somebody downloaded.
func FuzzBundle(f *testing.F) {
	f.Add([]byte("no gzip"))
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, packed []byte) {
		path := filepath.Join(t.TempDir(), "rules.tar.gz")
		if err := os.WriteFile(path, packed, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := readCustom([]string{path}, &place{}); err == nil && len(packed) == 0 {
			t.Error("an empty file was read as a bundle")
		}
	})
}

// A date that is none, or that lies behind, ends a waiver.
func FuzzWaiverExpires(f *testing.F) {
	f.Add("2027-01-31")
	f.Add("2027-01-31T00:00:00Z")
	f.Add("")
	f.Fuzz(func(t *testing.T, date string) {
		w := Waiver{Rule: "*", Token: "*", Expires: date}
		if !w.Expired(auditTime.AddDate(10000, 0, 0)) {
			t.Errorf("%q never ends", date)
		}
		if len(date) != len("2006-01-02") && !w.Expired(auditTime) {
			t.Errorf("%q is taken for a date", date)
		}
	})
}
