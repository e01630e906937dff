package policies

import (
	"testing"
	"time"
)

// A date that is none, or that lies behind, ends a waiver.
func FuzzWaiverExpires(f *testing.F) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	f.Add("2027-01-31")
	f.Add("2027-01-31T00:00:00Z")
	f.Add("")
	f.Fuzz(func(t *testing.T, date string) {
		w := Waiver{Rule: "*", Token: "*", Expires: date}
		if !w.Expired(now.AddDate(10000, 0, 0)) {
			t.Errorf("%q never ends", date)
		}
		if len(date) != len("2006-01-02") && !w.Expired(now) {
			t.Errorf("%q is taken for a date", date)
		}
	})
}
