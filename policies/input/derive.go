package input

import (
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const secondsPerDay = 24 * 60 * 60

// Derive computes the status and the day counts of a token at the audit time,
// so that rules need no date arithmetic. Days are whole and floored. A count
// whose fact is unknown is nil.
func Derive(token *inventory.Token, at time.Time) Derived {
	d := Derived{Status: statusAt(token, at)}
	created := token.CreatedAt.State == inventory.TimestampAt
	if created {
		d.AgeDays = new(wholeDays(token.CreatedAt.At, at))
	}
	if token.Expiry.State == inventory.ExpiryAt {
		end := expiryEnd(token.Expiry)
		d.ExpiresInDays = new(wholeDays(at, end))
		if created {
			d.LifetimeDays = new(wholeDays(token.CreatedAt.At, end))
		}
	}
	d.Age = age(token, at)
	d.UnusedDays = unusedDays(token, d.Age, at)
	if active := token.Owner.LastActive; active.State == inventory.TimestampAt {
		d.OwnerIdleDays = new(daysSince(active.At, at))
	}
	return d
}

// expiryEnd returns the moment from which on a token with this expiry is
// expired. It is meaningful for inventory.ExpiryAt only.
func expiryEnd(expiry inventory.Expiry) time.Time {
	if expiry.Precision != inventory.PrecisionDay {
		return expiry.At
	}
	year, month, day := expiry.At.UTC().Date()
	return time.Date(year, month, day+1, 0, 0, 0, 0, time.UTC)
}

func statusAt(token *inventory.Token, at time.Time) TokenStatus {
	if token.RevokedAt.State == inventory.TimestampAt && !at.Before(token.RevokedAt.At) {
		return Revoked
	}
	if token.Expiry.State == inventory.ExpiryAt && !at.Before(expiryEnd(token.Expiry)) {
		return Expired
	}
	return Active
}

// age bounds the days since the creation, negative for one after the audit time;
// nil where nothing bounds it from below.
func age(token *inventory.Token, at time.Time) *DayRange {
	if token.CreatedAt.State == inventory.TimestampAt {
		days := wholeDays(token.CreatedAt.At, at)
		return &DayRange{Min: days, Max: &days}
	}
	seen := token.FirstSeen
	if seen == nil {
		return nil
	}
	r := &DayRange{Min: wholeDays(seen.At, at)}
	if !seen.NotBefore.IsZero() {
		r.Max = new(wholeDays(seen.NotBefore, at))
	}
	return r
}

// unusedDays bounds the days since the last use. A token that was never used is
// idle since its creation. age is nil if the creation is unknown.
func unusedDays(token *inventory.Token, age *DayRange, at time.Time) *UnusedDays {
	used := token.LastUsed
	switch used.State {
	case inventory.LastUsedAt:
		days := daysSince(used.At, at)
		return &UnusedDays{Min: days, Max: &days}
	case inventory.LastUsedBetween:
		r := &UnusedDays{Min: daysSince(used.Latest, at)}
		if !used.Earliest.IsZero() {
			r.Max = new(daysSince(used.Earliest, at))
		}
		return r
	case inventory.LastUsedNever:
		if age == nil {
			return nil
		}
		return sinceCreation(age)
	case inventory.LastUsedNoneOnRecord:
		record := daysSince(used.Latest, at)
		// A token younger than the record cannot have been idle for longer than it
		// exists, and one of unknown age may have been made a moment ago.
		r := &UnusedDays{}
		if age != nil {
			r = sinceCreation(age)
		}
		r.Min, r.Record = min(r.Min, record), &record
		return r
	}
	return nil
}

// sinceCreation is the idle time of a token that was never used: one that is
// created after the audit time has been idle for no time.
func sinceCreation(age *DayRange) *UnusedDays {
	u := &UnusedDays{Min: max(0, age.Min)}
	if age.Max != nil {
		u.Max = new(max(0, *age.Max))
	}
	return u
}

// daysSince is 0 for what lies ahead.
func daysSince(t, at time.Time) int { return max(0, wholeDays(t, at)) }

// wholeDays floors the days between two moments; negative if to is before from.
// It counts in seconds, because a time.Duration ends after 292 years.
func wholeDays(from, to time.Time) int {
	seconds := to.Unix() - from.Unix()
	if to.Nanosecond() < from.Nanosecond() {
		seconds--
	}
	days := seconds / secondsPerDay
	if seconds%secondsPerDay < 0 {
		days--
	}
	return int(days)
}
