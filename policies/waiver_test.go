package policies

import (
	"testing"
	"time"
)

func TestGlob(t *testing.T) {
	tests := []struct {
		pattern, s string
		want       bool
	}{
		{"a", "a", true},
		{"a", "ab", false},
		{"*", "", true},
		{"*", "a/b/c", true},
		{"a/*", "a/b/c", true},
		{"a/*", "a", false},
		{"*/c", "a/b/c", true},
		{"a*c", "ac", true},
		{"a*a", "a", false},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "a-c-b", false},
		{"a**c", "abc", true},
		{"*b*b*", "ab", false},
		{"a?c", "abc", false}, // only * is special
		{"[a]", "a", false},
		{"[a]", "[a]", true},
		{"", "", true},
		{"", "a", false},
	}
	for _, tt := range tests {
		if got := Glob(tt.pattern, tt.s); got != tt.want {
			t.Errorf("Glob(%q, %q) = %t", tt.pattern, tt.s, got)
		}
	}
}

func TestWaiverCoversItsWholeLastDay(t *testing.T) {
	at := func(s string) time.Time {
		moment, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	w := Waiver{Expires: "2027-01-31"}
	if w.Expired(at("2027-01-31T23:59:59Z")) {
		t.Error("over on its last day")
	}
	if !w.Expired(at("2027-02-01T00:00:00Z")) {
		t.Error("valid on the day after")
	}
	if w.Expired(at("2027-02-01T01:00:00+02:00")) {
		t.Error("the day is counted in another zone than UTC")
	}
	if !(Waiver{Expires: "31.1.2027"}).Expired(at("2027-01-01T00:00:00Z")) || !(Waiver{}).Expired(at("2027-01-01T00:00:00Z")) {
		t.Error("a date that cannot be read is valid for ever")
	}
}
