package input

// Derived is what evaluation adds to a token: its status, its day counts and its team.
// A nil count means that the fact is unknown, or that the count makes no sense
// (ExpiresInDays of a token that never expires).
type Derived struct {
	Status TokenStatus `json:"status"`
	// AgeDays counts whole days since created_at.
	AgeDays *int `json:"age_days,omitempty"`
	// Age bounds the days since the creation, also where only earlier
	// inventories bound it.
	Age *DayRange `json:"age,omitempty"`
	// ExpiresInDays is floored; negative once past.
	ExpiresInDays *int `json:"expires_in_days,omitempty"`
	// LifetimeDays is from created_at to the expiry.
	LifetimeDays *int        `json:"lifetime_days,omitempty"`
	UnusedDays   *UnusedDays `json:"unused_days,omitempty"`
	// OwnerIdleDays counts whole days since the owner's last sign of life.
	OwnerIdleDays *int `json:"owner_idle_days,omitempty"`
	// Team answers for the token, as the configuration assigns it; empty for none.
	Team string `json:"team,omitempty"`
	// TeamUnknown says why another team, or any, may answer for the token; absent where that
	// is known.
	TeamUnknown string `json:"team_unknown,omitempty"`
}

// DayRange bounds a number of days, both ends inclusive. Max is nil for no upper bound.
type DayRange struct {
	// Min is the least it can be.
	Min int `json:"min"`
	// Max is nil for no upper bound.
	Max *int `json:"max,omitempty"`
}

// UnusedDays bounds the days without use, both ends inclusive: since the last
// use, or since the creation of a token that was never used.
type UnusedDays struct {
	// Min is the least it can be.
	Min int `json:"min"`
	// Max is nil for no upper bound.
	Max *int `json:"max,omitempty"`
	// Record is how many days the CMS's record reaches back that shows no use.
	// It is set for inventory.LastUsedNoneOnRecord only.
	Record *int `json:"record,omitempty"`
}

// TokenStatus is whether a token works at the audit time.
type TokenStatus string

// The statuses of a token. An unknown expiry or revocation leaves a token active.
const (
	Active  TokenStatus = "active"
	Expired TokenStatus = "expired"
	Revoked TokenStatus = "revoked"
)
