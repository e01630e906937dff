package input

import "github.com/tokenaudit/tokenaudit/collectors/inventory"

// Derived is what evaluation adds to a token: its status, its day counts, its team and its
// last review.
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
	// Review is the last review of the token, as the configuration records it; nil for none.
	Review *Review `json:"review,omitempty"`
}

// Review is a record that a person looked at a token.
type Review struct {
	// Date is when the review was made: YYYY-MM-DD, or RFC 3339.
	Date string `json:"date"`
	// Reviewer is who made it.
	Reviewer string   `json:"reviewer"`
	Decision Decision `json:"decision"`
	// By is the last day on which a revocation is in time, YYYY-MM-DD; empty for other
	// decisions.
	By string `json:"by,omitempty"`
	// Days counts whole days since the review; a review of a day counts from its start.
	Days int `json:"days"`
	// OverdueDays counts the days since by; nil before that day is over.
	OverdueDays *int `json:"overdue_days,omitempty"`
	// BeforeChange reports whether the token was changed, or made, after the review: what
	// was reviewed is then not what the token is.
	BeforeChange inventory.Ternary `json:"before_change"`
	// BeforeCreation reports whether the token was made after the review, which then was of
	// another token. A token whose creation is unknown counts as older than a review that
	// names it by its id.
	BeforeCreation inventory.Ternary `json:"before_creation"`
	// Reason says why before_change is unknown; empty where it is known.
	Reason string `json:"reason,omitempty"`
}

// Decision is what a review came to.
type Decision string

// The decisions.
const (
	// Keep: the token stays as it is.
	Keep Decision = "keep"
	// Change: the token stays, and its rights are to be changed.
	Change Decision = "change"
	// Revoke: the token is to be revoked.
	Revoke Decision = "revoke"
)

// Decisions returns what a review may come to.
func Decisions() []Decision { return []Decision{Keep, Change, Revoke} }

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
