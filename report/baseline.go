package report

import "time"

// BaselineRef identifies the report that another one was compared to.
type BaselineRef struct {
	// At is the baseline's audit time.
	At       time.Time `json:"at"`
	Complete bool      `json:"complete"`
}

// Resolution says why a finding of the baseline is not among the findings of
// this run.
type Resolution string
