package difference

// SnapshotOfInventory is for the tests of package diff_test.
var SnapshotOfInventory = snapshotOfInventory

// TokenCount is how many tokens a snapshot holds.
func (s *Snapshot) TokenCount() int { return len(s.tokens) }
