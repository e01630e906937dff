package main

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// TestScanTimes: the latest time is found wherever blocks are cut, and whatever
// only looks like one is passed over.
func TestScanTimes(t *testing.T) {
	early, late := noon.Add(-time.Hour), noon.Add(time.Nanosecond)
	text := fmt.Sprintf(`{"sources":[{"collected_at":%q},{"name":"collected_at","x":"\"collected_at\":\"2099-01-01T00:00:00Z\"",
		"collected_at"  :
		%q},{"collected_at": "soon"},{"collected_at": 7},{"collected_at":%q}], "end": "collected_at`,
		early.Format(time.RFC3339), late.Format(time.RFC3339Nano), noon.Format(time.RFC3339))
	for _, size := range []int{1, 3, 17, 1 << 20} {
		var latest latestTime
		seen := 0
		r := &chunks{text: text, size: size}
		if err := scanTimes(t.Context(), r, func(at time.Time) { seen++; latest.see(at) }); err != nil {
			t.Fatal(err)
		}
		if seen != 3 || !latest.time.Equal(late) {
			t.Errorf("pieces of %d: %d times, latest %s", size, seen, latest.time)
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
