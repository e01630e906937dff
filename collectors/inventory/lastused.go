package inventory

import "time"

// UsedAt is a last use that the CMS dates exactly.
func UsedAt(t time.Time) LastUsed {
	if !storable(t) {
		return UnknownUse("the CMS gave a date outside the years 1 to 9999")
	}
	return LastUsed{State: LastUsedAt, At: t.UTC(), Evidence: EvidenceCMS}
}

// UsedBetween is a last use within bounds, both inclusive.
func UsedBetween(earliest, latest time.Time) LastUsed {
	if !storable(earliest) || !storable(latest) || latest.Before(earliest) {
		return UnknownUse("the bounds of the last use contradict each other")
	}
	return LastUsed{
		State: LastUsedBetween, Earliest: earliest.UTC(), Latest: latest.UTC(), Evidence: EvidenceCMS,
	}
}

// NeverUsed is the state of a token that the CMS says was never used.
func NeverUsed() LastUsed { return LastUsed{State: LastUsedNever, Evidence: EvidenceCMS} }

// NoUseOnRecord is the state of a token without a use since the CMS's record
// begins. What was before is not known.
func NoUseOnRecord(since time.Time) LastUsed {
	if !storable(since) {
		return UnknownUse("the beginning of the CMS's record is not known")
	}
	return LastUsed{State: LastUsedNoneOnRecord, Latest: since.UTC(), Evidence: EvidenceCMS}
}

// UnknownUse is a last use that could not be told, for reason.
func UnknownUse(reason string) LastUsed { return LastUsed{State: LastUsedUnknown, Reason: reason} }

// MostRecentUse combines what is known of the surfaces of one token into its
// last use. A surface of which nothing is known makes the whole unknown: it may
// have been used later than all others.
func MostRecentUse(uses ...LastUsed) LastUsed {
	if len(uses) == 0 {
		return UnknownUse("the CMS reports no use of any API")
	}
	latest := uses[0]
	var earliest time.Time
	for _, use := range uses {
		if use.State == LastUsedUnknown {
			return use
		}
		if use.upper().After(latest.upper()) {
			latest = use
		}
		if use.lower().After(earliest) {
			earliest = use.lower()
		}
	}
	if earliest.IsZero() || latest.State == LastUsedAt {
		return latest
	}
	latest.State, latest.Earliest = LastUsedBetween, earliest
	return latest
}

// lower is the earliest possible last use; zero where there may have been none.
func (u LastUsed) lower() time.Time {
	switch u.State {
	case LastUsedAt:
		return u.At
	case LastUsedBetween:
		return u.Earliest
	default:
		return time.Time{}
	}
}

// upper is the latest possible last use; zero for a token that was never used.
func (u LastUsed) upper() time.Time {
	if u.State == LastUsedAt {
		return u.At
	}
	return u.Latest
}
