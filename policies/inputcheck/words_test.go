package inputcheck

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// wrongWords are the places and fields of comparisons with words that do not exist.
func wrongWords(t *testing.T, body string) []string {
	t.Helper()
	shape, err := OfRules()
	if err != nil {
		t.Fatal(err)
	}
	module, err := ast.ParseModule("ours.rego", "package custom.rules.ours\n\n"+body)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, w := range shape.WrongWords(module) {
		field, _, _ := strings.Cut(w.Detail, " is compared with ")
		found = append(found, fmt.Sprintf("%d %s", w.Location.Row-2, field))
	}
	return found
}

func TestWrongWordsAreFound(t *testing.T) {
	for body, want := range map[string]string{
		`deny contains token.id if { some token in input.tokens; token.expiry.state == "nevr" }`:                        "1 token.expiry.state",
		`deny contains token.id if { some token in input.tokens; "nevr" != token.expiry.state }`:                        "1 token.expiry.state",
		`deny contains token.id if { some i, token in input.source_tokens; token.kind in {"delivery", "manage"} }`:      "1 token.kind",
		`deny contains token.id if { some token in input.tokens; "content_deliver" in token.apis }`:                     "1 token.apis",
		`deny contains token.id if { some token in input.tokens; some e in token.environments.items; e.exists == "n" }`: "1 e.exists",
		`deny contains token.id if { some token in input.tokens; level := token.access.level; level == "wrte" }`:        "1 level",
		`deny contains "x" if input.source.kind == "stak"`:                                                              "1 input.source.kind",
		`deny contains "x" if { some i; input.tokens[i].owner.type == "persn" }`:                                        "1 input.tokens[i].owner.type",
		`ids := {t.id | some t in input.tokens; t.status == "activ"}`:                                                   "1 t.status",
		`old(token) if token.status == "expird"`:                                                                        "1 token.status",
	} {
		if got := wrongWords(t, body); !slices.Equal(got, []string{want}) {
			t.Errorf("%s\ngot %q, want %q", body, got, want)
		}
	}
}

// What may be right is left alone: texts that may be anything, words that exist, and
// variables of which it cannot be told what they hold.
func TestWhatMayBeRightIsLeftAlone(t *testing.T) {
	for _, body := range []string{
		`deny contains token.id if { some token in input.tokens; token.name == "nevr"; token.expiry.state == "never"; token.planned == "" }`,
		`deny contains "x" if { some thing in input.params.things; thing.kind == "sedan" }`,
		`deny contains "x" if { some x in input.tokens; x.id == "a"; y := [x | some x in input.params.things; x.kind == "sedan"]; count(y) > 0 }`,
		`about(thing) if thing.status == "gone"`,
		`deny contains "x" if input.source.labels.kind == "sedan"`,
	} {
		if got := wrongWords(t, body); len(got) > 0 {
			t.Errorf("%s\ngot %q", body, got)
		}
	}
}
