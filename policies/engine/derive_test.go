package engine

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
)

func TestDeriveStatus(t *testing.T) {
	expiring := func(at time.Time, p inventory.Precision) func(*inventory.Token) {
		return func(token *inventory.Token) {
			token.Expiry = inventory.Expiry{State: inventory.ExpiryAt, At: at, Precision: p}
		}
	}
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name   string
		change func(*inventory.Token)
		status input.TokenStatus
		days   int
	}{
		{"a moment before the expiry", expiring(auditTime.Add(1), inventory.PrecisionInstant), input.Active, 0},
		{"at the expiry", expiring(auditTime, inventory.PrecisionInstant), input.Expired, 0},
		{"a moment after the expiry", expiring(auditTime.Add(-1), inventory.PrecisionInstant), input.Expired, -1},
		{"a day counts to its end", expiring(day, inventory.PrecisionDay), input.Active, 0},
		{"the day before", expiring(day.AddDate(0, 0, -1), inventory.PrecisionDay), input.Expired, -1},
		{"a day given with another zone", expiring(time.Date(2026, 11, 22, 23, 0, 0, 0, time.FixedZone("", -2*3600)), inventory.PrecisionDay), input.Active, 1},
		{"the year 9999", expiring(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), inventory.PrecisionInstant), input.Active, 2912116},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token := aToken("a", tt.change)
			got := input.Derive(&token, auditTime)
			if got.Status != tt.status || got.ExpiresInDays == nil || *got.ExpiresInDays != tt.days {
				t.Errorf("got %s, expires in %v; want %s, %d", got.Status, got.ExpiresInDays, tt.status, tt.days)
			}
		})
	}
}

func TestDeriveRevokedBeatsExpired(t *testing.T) {
	token := aToken("a", func(token *inventory.Token) {
		token.Expiry.At = daysAgo(2)
		token.RevokedAt = at(auditTime)
	})
	if got := input.Derive(&token, auditTime).Status; got != input.Revoked {
		t.Errorf("revoked now: got %s", got)
	}
	token.RevokedAt = at(auditTime.Add(time.Second))
	if got := input.Derive(&token, auditTime).Status; got != input.Expired {
		t.Errorf("revoked a second after the audit: got %s", got)
	}
}

func TestDeriveUnknownStaysAbsent(t *testing.T) {
	token := aToken("a", func(token *inventory.Token) {
		token.CreatedAt = inventory.Timestamp{State: inventory.TimestampUnknown}
		token.RevokedAt = inventory.Timestamp{State: inventory.TimestampUnknown}
		token.Expiry = inventory.Expiry{State: inventory.ExpiryUnknown}
		token.LastUsed = inventory.LastUsed{State: inventory.LastUsedUnknown}
	})
	if diff := cmp.Diff(input.Derived{Status: input.Active}, input.Derive(&token, auditTime)); diff != "" {
		t.Error(diff)
	}
	token.Expiry = inventory.Expiry{State: inventory.ExpiryNever, At: auditTime.AddDate(20, 0, 0)}
	if got := input.Derive(&token, auditTime); got.ExpiresInDays != nil || got.Status != input.Active {
		t.Errorf("a far-future date that counts as never: got %+v", got)
	}
}

func TestDeriveUnusedDays(t *testing.T) {
	days := func(low, high int) *input.UnusedDays { return &input.UnusedDays{Min: low, Max: &high} }
	unknownAge := inventory.Timestamp{State: inventory.TimestampUnknown}
	tests := []struct {
		name    string
		used    inventory.LastUsed
		created inventory.Timestamp
		want    *input.UnusedDays
	}{
		{"at", inventory.LastUsed{State: inventory.LastUsedAt, At: daysAgo(89).Add(-time.Hour)}, unknownAge, days(89, 89)},
		{"after the audit", inventory.LastUsed{State: inventory.LastUsedAt, At: auditTime.Add(time.Hour)}, unknownAge, days(0, 0)},
		{"between", inventory.LastUsed{State: inventory.LastUsedBetween, Earliest: daysAgo(52), Latest: daysAgo(22)}, unknownAge, days(22, 52)},
		{"between, from nowhere", inventory.LastUsed{State: inventory.LastUsedBetween, Latest: daysAgo(22)}, unknownAge, &input.UnusedDays{Min: 22}},
		{"never, age known", inventory.LastUsed{State: inventory.LastUsedNever}, at(daysAgo(100)), days(100, 100)},
		{"never, age unknown", inventory.LastUsed{State: inventory.LastUsedNever}, unknownAge, nil},
		{"no record, age unknown", inventory.LastUsed{State: inventory.LastUsedNoneOnRecord, Latest: daysAgo(53)}, unknownAge, &input.UnusedDays{Record: new(53)}},
		{"no record, older than it", inventory.LastUsed{State: inventory.LastUsedNoneOnRecord, Latest: daysAgo(53)}, at(daysAgo(100)), &input.UnusedDays{Min: 53, Max: new(100), Record: new(53)}},
		{"no record, younger than it", inventory.LastUsed{State: inventory.LastUsedNoneOnRecord, Latest: daysAgo(53)}, at(daysAgo(10)), &input.UnusedDays{Min: 10, Max: new(10), Record: new(53)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token := aToken("a", func(token *inventory.Token) { token.LastUsed, token.CreatedAt = tt.used, tt.created })
			if diff := cmp.Diff(tt.want, input.Derive(&token, auditTime).UnusedDays); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDeriveLifetime(t *testing.T) {
	token := aToken("a", func(token *inventory.Token) {
		token.CreatedAt = at(time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC))
		token.Expiry = inventory.Expiry{State: inventory.ExpiryAt, At: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC), Precision: inventory.PrecisionDay}
	})
	if got := input.Derive(&token, auditTime).LifetimeDays; got == nil || *got != 364 {
		t.Errorf("lifetime is %v, want 364: the last day counts to its end, and days are floored", got)
	}
}
