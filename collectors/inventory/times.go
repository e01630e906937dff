package inventory

import "time"

// At is a known time, in UTC. A time that no document can hold (zero, or
// outside the years 1 to 9999) gives an unknown one.
func At(t time.Time) Timestamp {
	if !storable(t) {
		return UnknownTime("the CMS gave a date outside the years 1 to 9999")
	}
	return Timestamp{State: TimestampAt, At: t.UTC()}
}

// None is the time of something that is known not to have happened.
func None() Timestamp { return Timestamp{State: TimestampNone} }

// UnknownTime is a time that could not be told, for reason.
func UnknownTime(reason string) Timestamp {
	return Timestamp{State: TimestampUnknown, Reason: reason}
}

// NewTimestamp reads an RFC 3339 time as a CMS gives it. Text that is empty or
// is no such time gives an unknown one, with a reason.
func NewTimestamp(text string) Timestamp {
	if text == "" {
		return UnknownTime("the CMS gave no date")
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return UnknownTime("the CMS gave a date that cannot be read")
	}
	return At(t)
}

// ExpiresAt is an expiry at a known time. With PrecisionDay, t is any moment
// of the last day on which the token works, read in t's own zone.
func ExpiresAt(t time.Time, precision Precision) Expiry {
	if !storable(t) {
		return UnknownExpiry(true, "the CMS gave an expiry date outside the years 1 to 9999")
	}
	if precision == PrecisionDay {
		t = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	}
	return Expiry{State: ExpiryAt, At: t.UTC(), Precision: precision, Supported: true}
}

// NeverExpires is the expiry of a token that has none. supported says whether
// the CMS could give it one.
func NeverExpires(supported bool) Expiry {
	return Expiry{State: ExpiryNever, Supported: supported}
}

// UnknownExpiry is an expiry that could not be told, for reason.
func UnknownExpiry(supported bool, reason string) Expiry {
	return Expiry{State: ExpiryUnknown, Supported: supported, Reason: reason}
}

// NormaliseExpiry turns an expiry at or after horizon into never, with the
// date kept: a token that ends in a century does not end for anyone who has
// to answer for it. See Source.Horizon.
func NormaliseExpiry(e Expiry, horizon time.Time) Expiry {
	if e.State == ExpiryAt && !e.At.Before(horizon) {
		e.State = ExpiryNever
	}
	return e
}

// Horizon is the time from which on an expiry date of the source counts as
// never: NeverAfter, or ten years after CollectedAt.
func (s Source) Horizon() time.Time {
	if !s.NeverAfter.IsZero() {
		return s.NeverAfter
	}
	return s.CollectedAt.AddDate(10, 0, 0)
}

// storable reports whether RFC 3339 can express t and a document keeps it: a
// zero time is left out as absent.
func storable(t time.Time) bool {
	u := t.UTC()
	return !t.IsZero() && u.Year() >= 1 && u.Year() <= 9999
}
