package console

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors"
)

func TestProgressLines(t *testing.T) {
	got := progressLines([]collectors.CMSProgress{
		{CMS: "contentful", Entries: 2, Discovered: 1, Sources: 9, Done: 8, Tokens: 100, Requests: 40},
		{CMS: "contentstack", Entries: 1, Discovered: 1, Sources: 30, Done: 10, Tokens: 55, Requests: 80, Limited: 3, Paused: 4 * time.Second, Incomplete: 1},
		{CMS: "datocms", Entries: 1, Discovered: 1, Sources: 6, Done: 6, Tokens: 12, Requests: 18},
		{CMS: "ghost", Entries: 1, Requests: 2},
		{CMS: "strapi", Entries: 1, Discovered: 1, Sources: 6, Done: 2, Tokens: 12, Requests: 18},
		{CMS: "wordpress", Entries: 1, Discovered: 1, Sources: 1, Tokens: 1, Requests: 1},
	}, 20*time.Second, 110)
	want := []string{
		"contentful   8 sources of at least 9, 100 tokens, 40 requests",
		"contentstack 10 of 30 sources, 55 tokens, 80 requests, 1 incomplete, rate limited for 4s, about 40s left",
		"datocms      6 of 6 sources, 12 tokens, 18 requests, done",
		"ghost        looking for sources, 0 tokens, 2 requests",
		"strapi       2 of 6 sources, 12 tokens, 18 requests",
		"wordpress    0 of 1 source, 1 token, 1 request",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	for _, line := range progressLines([]collectors.CMSProgress{{CMS: "contentstack", Entries: 1}}, 0, 20) {
		if len(line) >= 20 {
			t.Errorf("%q would wrap on 20 columns", line)
		}
	}
}

// TestProgressLeavesNoTrace: what is drawn is erased, and nothing is drawn where
// nobody is looking.
func TestProgressLeavesNoTrace(t *testing.T) {
	draw := func(s *Streams, verbose bool) {
		d := s.ShowProgress(&collectors.Progress{}, verbose)
		d.lines = 2
		d.Stop()
	}
	s, screen := terminalStreams()
	draw(s, false)
	if got := screen.String(); got != "\x1b[2A\x1b[J" {
		t.Errorf("left %q", got)
	}
	for name, change := range map[string]func(*Streams){
		"piped": func(s *Streams) { s.errTerminal = false }, "dumb": func(s *Streams) { s.dumb = true },
		"quiet": func(s *Streams) { s.Quiet = true }, "verbose": func(*Streams) {},
	} {
		s, screen := terminalStreams()
		change(s)
		draw(s, name == "verbose")
		if screen.Len() > 0 {
			t.Errorf("%s: drew %q", name, screen.String())
		}
	}
}

// terminalStreams have a terminal, whose screen the buffer is.
func terminalStreams() (*Streams, *bytes.Buffer) {
	var screen bytes.Buffer
	s := New(strings.NewReader(""), &screen, &screen, func(string) (string, bool) { return "", false })
	s.errTerminal, s.OutTerminal = true, true
	return s, &screen
}
