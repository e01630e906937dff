package contentstack

import (
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// firstYear is before any Contentstack token; an earlier expiry is a placeholder.
const firstYear = 2000

// expiryOf reads when a token stops working. supported says whether tokens of
// its kind can have an expiry.
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
func expiryOf(t token, supported bool, horizon time.Time) inventory.Expiry {
	date := strings.TrimSpace(str(t.ExpiresOn))
	given := date != "" || t.ExpiresOn.State == cmsapi.FieldWrong
	dated, ok := parseExpiry(date)
	switch {
	case yes(t.NeverExpires) && ok:
		dated.State = inventory.ExpiryNever
		return dated
	case yes(t.NeverExpires):
		return inventory.NeverExpires(supported)
	case given && t.NeverExpires.State == cmsapi.FieldWrong:
		return inventory.UnknownExpiry(supported, t.NeverExpires.Reason("is_never_expires"))
	case !given && !t.NeverExpires.Missing():
		return inventory.UnknownExpiry(supported, "Contentstack says that the token expires, but gives no date")
	case !given:
		return inventory.NeverExpires(supported)
	case !ok:
		return inventory.UnknownExpiry(supported, "expires_on of the token is not a readable date")
	case dated.At.Year() < firstYear:
		return inventory.UnknownExpiry(supported, "expires_on of the token is earlier than any Contentstack token")
	}
	return inventory.NormaliseExpiry(dated, horizon)
}

// parseExpiry reads the two documented forms: a bare date, in every answer of
// the reference, and a time stamp with its zone, which the vendor's tests send.
func parseExpiry(s string) (inventory.Expiry, bool) {
	m, err := cmsapi.ParseMoment(s)
	switch {
	case err != nil:
		return inventory.Expiry{}, false
	case m.Day:
		return inventory.ExpiresAt(m.Time, inventory.PrecisionDay), true
	default:
		return inventory.ExpiresAt(m.Time, inventory.PrecisionInstant), m.Zoned
	}
}
