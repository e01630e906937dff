package codec_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	inv "github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
)

// A document says until when it was collected, once and truly.
func TestCollectedUntil(t *testing.T) {
	written := sampleInventory()
	written.CollectedUntil = inv.CollectedUntil(written.Sources)
	var out bytes.Buffer
	if err := codec.Write(&out, written); err != nil {
		t.Fatal(err)
	}
	document := out.String()
	read, err := codec.ReadAll(t.Context(), strings.NewReader(document), codec.Limits{})
	if err != nil || written.CollectedUntil.IsZero() || !read.CollectedUntil.Equal(written.CollectedUntil) {
		t.Errorf("written %s, read %s, %v", written.CollectedUntil, read.CollectedUntil, err)
	}
	said := `"collected_until": "` + written.CollectedUntil.Format(time.RFC3339)
	for name, wrong := range map[string]string{
		"later": `"collected_until": "2099-01-01T00:00:00`, "earlier": `"collected_until": "2001-01-01T00:00:00`, "no time": `"collected_until": "x`,
	} {
		_, err := codec.ReadAll(t.Context(), strings.NewReader(strings.Replace(document, said, wrong+`Z`, 1)), codec.Limits{})
		if place, ok := errors.AsType[*codec.PlaceError](err); !ok || place.Pointer != "/collected_until" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// CollectedUntil finds what is said before the sources. It judges no more of the
// document than its first byte.
func TestCollectedUntilBeforeSources(t *testing.T) {
	const noon = "2026-11-22T12:00:00Z"
	for document, want := range map[string]string{
		`{"collected_until":"` + noon + `"`:                                                noon,
		`{"tool":{"x":["collected_until"]},"collected_until" : "` + noon + `","sources":[`: noon,
		`{"\u0063ollected_until":"` + noon + `"}`:                                          noon,
		`{"sources":[],"collected_until":"` + noon + `"}`:                                  "",
		`{"tool":{"collected_until":"` + noon + `"},"sources":[]}`:                         "",
		`{"collected_until":7}`:                                                            "",
		`{"collected_until":"` + noon:                                                      "",
		`{"collected_until":"soon"}`:                                                       "",
		`{"tool":{}`:                                                                       "",
		`{`:                                                                                "",
		`{7`:                                                                               "",
	} {
		at, err := codec.CollectedUntil(t.Context(), strings.NewReader(document))
		if err != nil || !at.IsZero() && at.Format("2006-01-02T15:04:05Z07:00") != want || at.IsZero() != (want == "") {
			t.Errorf("%s: %s, %v", document, at, err)
		}
	}
	for _, document := range []string{"", "[]", "\xff\xfe{", "   "} {
		if _, err := codec.CollectedUntil(t.Context(), strings.NewReader(document)); err == nil {
			t.Errorf("%q begins like a document", document)
		}
	}
}
