package suggest

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	words := []string{"delivery", "preview", "management", "cli", "app", "Web shop"}
	for word, want := range map[string]string{
		"delivry": "delivery", "Delivery": "delivery", "manag": "management", "prevw": "preview", "ap": "app",
		"WEB shpo": "Web shop", "xyz": "", "token": "", "": "", strings.Repeat("a", 1<<20): "",
	} {
		if got := Nearest(word, words); got != want {
			t.Errorf("%.20s: %q, want %q", word, got, want)
		}
	}
	if got := DidYouMean("delivry", words); got != "; did you mean delivery?" {
		t.Errorf("got %q", got)
	}
	if got := DidYouMean("xyz", words); got != "" {
		t.Errorf("got %q", got)
	}
}
