package report

// What the tests of package report_test need of the inside.
var (
	SnapshotOfInventory = snapshotOfInventory
	SchemaMember        = object
)

func (r Resolution) IsStale() bool { return r.stale() }

// TokenCount is how many tokens a snapshot holds.
func (s *Snapshot) TokenCount() int { return len(s.tokens) }
