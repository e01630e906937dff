package safetext_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/report/reporttest"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

func TestJSONEscapesAreLossless(t *testing.T) {
	for _, name := range reporttest.HostileNames() {
		want, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if n, err := safetext.NewJSONWriter(&b).Write(want); err != nil || n != len(want) {
			t.Fatal(n, err)
		}
		var a, c string
		if json.Unmarshal(want, &a) != nil || json.Unmarshal(b.Bytes(), &c) != nil || a != c {
			t.Errorf("%q became %q", a, c)
		}
		if text := b.String(); strings.Contains(text, "##") || strings.ContainsFunc(text, func(r rune) bool { return !safetext.IsVisible(r) }) {
			t.Errorf("%s shows something harmful", text)
		}
	}
}
