package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// row is what the views tell of something that is kept.
type rows map[string]string

// told returns the rows of a query by their first column.
func told(t *testing.T, s *Store, query string) rows {
	t.Helper()
	all := rows{}
	err := s.reading(t.Context(), func(tx *tx) error {
		tx.Each(func(scan func(...any)) error {
			var id, text string
			scan(&id, &text)
			all[id] = text
			return nil
		}, query)
		return tx.Err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

const (
	tokensKept   = `SELECT token, name || ' ' || first_seen FROM tokens`
	findingsOpen = `SELECT fingerprint, state || ' ' || severity || ' ' || message || ' ' || token_name || ' ' || first_seen || ' ' || team FROM findings WHERE state NOT IN ('resolved', 'gone')`
	findingsOver = `SELECT fingerprint, state_since FROM findings WHERE state IN ('resolved', 'gone')`
)

// count counts the rows of a table.
func count(t *testing.T, s *Store, from string) int {
	t.Helper()
	n := 0
	if err := s.reading(t.Context(), func(tx *tx) error {
		tx.One([]any{&n}, `SELECT COUNT(*) FROM `+from)
		return tx.Err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPrune(t *testing.T) { pruneKeepsWhatIsThere(t, newFile, worlds(t, 2), 30) }

// pruneKeepsWhatIsThere forgets the first half of some days, and goes on with the other.
func pruneKeepsWhatIsThere(t *testing.T, empty maker, worlds, days int) {
	t.Helper()
	for world := range worlds {
		runs := observed(t, uint64(world), days)
		half, late := len(runs)/2, len(runs)/2+6
		s, whole := empty(t), newFile(t)
		for _, o := range runs[:late] {
			write(t, s, o)
			write(t, whole, o)
		}
		cut := runs[half].Run.At
		over := told(t, s, findingsOver)
		pruned, err := s.Prune(t.Context(), cut)
		if err != nil || pruned != half {
			t.Fatalf("world %d: %d, %v, want %d", world, pruned, err, half)
		}
		where := fmt.Sprintf("world %d, after the prune", world)
		sameRows(t, where, told(t, whole, tokensKept), told(t, s, tokensKept))
		sameRows(t, where, told(t, whole, findingsOpen), told(t, s, findingsOpen))
		kept := told(t, s, findingsOver)
		for fingerprint, since := range over {
			// A finding that ended in the first run that is kept has ended there.
			if _, there := kept[fingerprint]; there != (since > stamp(cut)) {
				t.Errorf("%s: a finding that is over since %s: kept %v, the cut is %s", where, since, there, stamp(cut))
			}
		}
		if n := count(t, s, `reading WHERE run <= `+fmt.Sprint(half)) + count(t, s, `token_version WHERE to_run <= `+fmt.Sprint(half)); n != 0 {
			t.Errorf("%s: %d rows are left of before", where, n)
		}
		lines := strings.SplitAfter(export(t, s), "\n")
		if n := len(slices.DeleteFunc(lines, func(line string) bool { return !strings.HasPrefix(line, `{"run":`) })); n != late-half {
			t.Errorf("%s: %d runs in the export, want %d", where, n, late-half)
		}
		if again, err := s.Prune(t.Context(), cut); err != nil || again != 0 {
			t.Errorf("%s: pruned again: %d, %v", where, again, err)
		}
		goesOn(t, where, s, whole, runs, half, late)
	}
}

// goesOn writes the rest of the runs to a pruned store and a whole one, some of them late.
func goesOn(t *testing.T, where string, s, whole *Store, runs []*Observation, half, late int) {
	t.Helper()
	before := export(t, s)
	early := *runs[half-1]
	early.Run.At = early.Run.At.Add(-1e9)
	if err := early.Identify(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(t.Context(), &early); err == nil || !strings.Contains(err.Error(), "later runs were pruned") {
		t.Errorf("%s: a run before the cut: %v", where, err)
	}
	if out := write(t, s, runs[0]); !out.Known {
		t.Errorf("%s: a run that was pruned is %+v", where, out)
	}
	sameExport(t, "after what was refused", before, export(t, s))
	rest := slices.Clone(runs[late:])
	slices.Reverse(rest)
	for _, o := range rest {
		write(t, s, o)
		write(t, whole, o)
	}
	sameRows(t, where+" and the rest", told(t, whole, tokensKept), told(t, s, tokensKept))
	want, got := told(t, whole, findingsOpen), told(t, s, findingsOpen)
	for fingerprint := range want {
		// What had ended before the cut, and was forgotten, begins anew.
		if got[fingerprint] != want[fingerprint] && !forgotten(runs, half, fingerprint) {
			t.Errorf("%s and the rest: %s is %q, want %q", where, fingerprint, got[fingerprint], want[fingerprint])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s and the rest: %d findings, want %d", where, len(got), len(want))
	}
	// An export has the state of the first run that is kept; it makes a store that goes on.
	again := newFile(t)
	if _, err := again.Import(t.Context(), strings.NewReader(export(t, s))); err != nil {
		t.Fatal(err)
	}
	sameExport(t, "of the import", export(t, s), export(t, again))
}

// forgotten reports whether the run at the cut did not have a finding.
func forgotten(runs []*Observation, half int, fingerprint string) bool {
	return !slices.ContainsFunc(runs[half].Findings, func(f Finding) bool { return f.Fingerprint == fingerprint })
}

// prunedAlike prunes the same runs in a file, too: both keep the same, and not only for the views.
func prunedAlike(t *testing.T, empty maker, days int) {
	t.Helper()
	runs := observed(t, 11, days)
	a, b := newFile(t), empty(t)
	for _, s := range []*Store{a, b} {
		for _, o := range runs {
			write(t, s, o)
		}
		if n, err := s.Prune(t.Context(), runs[len(runs)/2].Run.At); err != nil || n != len(runs)/2 {
			t.Fatalf("%d, %v", n, err)
		}
	}
	sameExport(t, "pruned", export(t, a), export(t, b))
	sameRows(t, "bodies", told(t, a, `SELECT id, data FROM body`), told(t, b, `SELECT id, data FROM body`))
	sameRows(t, "findings", told(t, a, findingsKept), told(t, b, findingsKept))
	sameRows(t, "runs", told(t, a, `SELECT id, head FROM run`), told(t, b, `SELECT id, head FROM run`))
}

func sameRows(t *testing.T, where string, want, got rows) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", where, diff)
	}
}
