package documents

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// TestScanTimes: the latest time is found wherever blocks are cut, and whatever
// only looks like one is passed over.
func TestScanTimes(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	early, late := noon.Add(-time.Hour), noon.Add(time.Nanosecond)
	text := fmt.Sprintf(`{"sources":[{"collected_at":%q},{"name":"collected_at","x":"\"collected_at\":\"2099-01-01T00:00:00Z\"",
		"collected_at"  :
		%q},{"collected_at": "soon"},{"collected_at": 7},{"collected_at":%q}], "end": "collected_at`,
		early.Format(time.RFC3339), late.Format(time.RFC3339Nano), noon.Format(time.RFC3339))
	for _, size := range []int{1, 3, 17, 1 << 20} {
		var latest Latest
		seen := 0
		r := &chunks{text: text, size: size}
		if err := scanTimes(t.Context(), r, func(at time.Time) { seen++; latest.See(at) }); err != nil {
			t.Fatal(err)
		}
		if seen != 3 || !latest.Time.Equal(late) {
			t.Errorf("pieces of %d: %d times, latest %s", size, seen, latest.Time)
		}
	}
	if err := scanTimes(t.Context(), iotest.ErrReader(iotest.ErrTimeout), func(time.Time) {}); err != iotest.ErrTimeout { //nolint:errorlint // passed on as it is
		t.Errorf("got %v", err)
	}
}

// chunks gives a text in pieces.
type chunks struct {
	text string
	size int
}

func (c *chunks) Read(p []byte) (int, error) {
	n := min(c.size, len(p), len(c.text))
	n, _ = strings.NewReader(c.text[:n]).Read(p)
	c.text = c.text[n:]
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// The copy of a pipe is bounded, and leaves nothing behind.
func TestCopyIsBounded(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	s := Inventory{name: "standard input", in: io.MultiReader(strings.NewReader("{"), blanks{})}
	s, err := s.copied(t.Context(), 1<<20)
	if err == nil || err.Error() != "standard input is larger than 1 MiB; save it in a file, or give --at, which needs no copy" {
		t.Errorf("got %v", err)
	}
	if err := (Inventories{s}).Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// blanks are a text without an end.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
