package report

import (
	"testing"
	"time"
)

func TestDaysToEndOf(t *testing.T) {
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	for date, want := range map[string]int{"2026-03-14": 0, "2026-03-15": 1, "2026-03-13": -1, "2027-03-14": 365} {
		if got, ok := daysToEndOf(date, now); got != want || !ok {
			t.Errorf("%s is %d days away, %v; want %d", date, got, ok, want)
		}
	}
	if _, ok := daysToEndOf("2026-02-30", now); ok {
		t.Error("30 February is a date")
	}
}
