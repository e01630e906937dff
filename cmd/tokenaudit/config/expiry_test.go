package config_test

import (
	"strings"
	"testing"
	"time"
)

func TestCheckExpiries(t *testing.T) {
	c := parse(t, complete)
	if err := c.CheckExpiries(time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)); err != nil {
		t.Errorf("refused: %v", err)
	}
	err := c.CheckExpiries(time.Date(2026, 11, 2, 23, 0, 0, 0, time.UTC))
	want := "conf/tokenaudit.yaml:38: accept_gaps[0].expires: lies after 2027-01-31, the latest day that gate.waiver_max_days (90) allows"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	c.Gate.WaiverMaxDays = 0
	if err := c.CheckExpiries(time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Error("more than a year ahead was accepted")
	}
}

// The line is that of the date, not that of the waiver.
func TestExpiryIsToldWithItsLine(t *testing.T) {
	c := parse(t, "version: 1\nwaivers:\n  - rule: a\n    token: b\n    reason: r\n    owner: o\n    approved_by: p\n    expires: 2099-01-01\n")
	err := c.CheckExpiries(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	if err == nil || !strings.Contains(err.Error(), ":8: waivers[0].expires: ") {
		t.Errorf("got %v", err)
	}
}
