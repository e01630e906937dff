package store

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store/database"
)

// A store of a build that had another schema under the same version is refused, and told how
// to move on. What a user adds is not in the way.
func TestStoreOfAnotherBuild(t *testing.T) {
	storeOfAnotherBuild(t, func(t *testing.T) Place { return Place{File: filepath.Join(t.TempDir(), "store.db")} })
}

func storeOfAnotherBuild(t *testing.T, place func(t *testing.T) Place) {
	t.Helper()
	for change, want := range map[string]string{
		`ALTER TABLE finding_state RENAME COLUMN digest TO hash`: "(table finding_state has no column digest)",
		`ALTER TABLE part ADD COLUMN lost TEXT`:                  "(table part has a column lost)",
		`DROP VIEW open_findings`:                                "(it has no table open_findings)",
		`CREATE VIEW mine AS SELECT run FROM runs`:               "",
	} {
		at := place(t)
		s, err := Open(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.db.Writing(t.Context(), func(tx *database.Tx) error { tx.Exec(change); return nil }); err != nil {
			t.Fatalf("%s: %v", change, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s, err = Open(t.Context(), at)
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", change, err)
				continue
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			continue
		}
		whole := "store: " + at.String() + ": the store was made by a build of tokenaudit with another schema " + want +
			`: export it with that build by "history export", and import it into a new store`
		if err == nil || !strings.Contains(err.Error(), whole) {
			t.Errorf("%s: %v", change, err)
		}
	}
}
