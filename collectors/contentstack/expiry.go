package contentstack

import (
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// firstYear is before any Contentstack token; an earlier expiry is a placeholder.
const firstYear = 2000

// expiryOf reads when a token stops working.
//
// Contentstack has at least five ways to say never: `expires_on` absent, null
// or "", `is_never_expires`, and a date so far away that nobody will see it
// (the vendor's own tool once wrote 3000-01-01). An absent `expires_on` counts
// as never, and not as unknown, because the vendor's tests make tokens without
// it and expect them to live, every sample of a token with a date shows the
// date, and the two errors differ in weight: a wrong "never" is a false alarm
// that one look at the token clears, a wrong "unknown" hides the very tokens
// that the rule on expiry exists for.
//
// The vendor says that a token expires at midnight UTC of its date, and not at
// which end of that day. The schema counts a day to its end, so the token is
// taken for alive during it.
func expiryOf(t token, supported bool, never time.Time) inventory.Expiry {
	e := inventory.Expiry{Supported: supported}
	at, precision, ok := parseExpiry(t.ExpiresOn.value)
	date := t.ExpiresOn.shape == odd || strings.TrimSpace(t.ExpiresOn.value) != ""
	switch {
	case t.NeverExpires.shape == good && t.NeverExpires.value:
		e.State = inventory.ExpiryNever
		if ok {
			e.At, e.Precision = at, precision
		}
	case !date && t.NeverExpires.shape.given():
		e.State = inventory.ExpiryUnknown
		e.Reason = "Contentstack says that the token expires, and gives no date"
	case !date:
		e.State = inventory.ExpiryNever
	case !ok:
		e.State = inventory.ExpiryUnknown
		e.Reason = "the expires_on of the token is not a date that can be read"
	case at.Year() < firstYear:
		e.State = inventory.ExpiryUnknown
		e.Reason = "the expires_on of the token lies before any Contentstack token was made"
	default:
		e.State, e.At, e.Precision, e.Supported = inventory.ExpiryAt, at, precision, true
		if !at.Before(never) {
			e.State = inventory.ExpiryNever
		}
	}
	return e
}

// parseExpiry reads the two documented forms: a bare date, in every answer of
// the reference, and a time stamp, which the vendor's tests send.
func parseExpiry(s string) (time.Time, inventory.Precision, bool) {
	s = strings.TrimSpace(s)
	if at, err := time.Parse(time.DateOnly, s); err == nil {
		return at.UTC(), inventory.PrecisionDay, true
	}
	at, ok := parseInstant(s)
	return at, inventory.PrecisionInstant, ok
}

// horizon is from when on an expiry means never: the configured date, else ten
// years after the source was collected.
func horizon(configured, collectedAt time.Time) time.Time {
	if !configured.IsZero() {
		return configured
	}
	return collectedAt.AddDate(10, 0, 0)
}
