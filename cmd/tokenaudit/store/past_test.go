package store

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/history"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report"
)

// uses are what a run read of the last use of tokens.
func uses(s *inventory.Source) map[string]inventory.LastUsed {
	all := map[string]inventory.LastUsed{}
	for _, t := range s.Tokens {
		all[t.ID] = t.LastUsed
	}
	return all
}

// What the store knows of the past is what all earlier inventories together prove: the same of
// the first sight of a token, and of its last use no more. Only of a list that was read in part
// may it be less, because nobody knows which tokens of the earlier ones were seen again.
func TestPastAgainstInventories(t *testing.T) {
	pastAgainstInventories(t, newFile, worlds(t, 2), days(30))
}

func pastAgainstInventories(t *testing.T, empty maker, worlds, days int) {
	t.Helper()
	exact, chained := 0, 0
	for world := range worlds {
		s, all := empty(t), &history.History{}
		for day, run := range month(uint64(world), days) {
			past, err := s.Past(t.Context(), run.Report.At)
			if err != nil {
				t.Fatal(err)
			}
			told := &history.History{}
			for _, one := range past {
				told.See(one)
			}
			for _, source := range run.Sources {
				want, got := all.Apply(source), told.Apply(source)
				for i := range want.Tokens {
					where := fmt.Sprintf("world %d, run %d, %s", world, day+1, want.Tokens[i].ID)
					if diff := cmp.Diff(want.Tokens[i].FirstSeen, got.Tokens[i].FirstSeen); diff != "" {
						t.Fatalf("%s (-want +got):\n%s", where, diff)
					}
					knows(t, where, want.Tokens[i].LastUsed, got.Tokens[i].LastUsed)
					if len(want.Tokens[i].LastUsed.Chain) > 0 {
						chained++
					}
					if len(got.Tokens[i].LastUsed.Chain) > 0 {
						exact++
					}
				}
			}
			for i := range run.Sources {
				r := &run.Sources[i]
				all.See(history.Reading{Source: r.ID, At: r.CollectedAt, Units: r.Units, Uses: uses(r)})
			}
			write(t, s, observe(t, run))
		}
	}
	// One in a thousand rests on a partial list.
	if exact*1000 < chained*999 {
		t.Errorf("%d of %d chains", exact, chained)
	}
}

// knows compares the bounds of a last use with those that all inventories prove.
func knows(t *testing.T, where string, proven, told inventory.LastUsed) {
	t.Helper()
	if proven.State != inventory.LastUsedBetween && proven.State != inventory.LastUsedNoneOnRecord {
		return
	}
	if told.Earliest.After(proven.Earliest) || told.Latest.Before(proven.Latest) {
		t.Fatalf("%s: %+v, and all inventories prove no more than %+v", where, told, proven)
	}
}

func copied(findings []*report.Finding) []*report.Finding {
	all := make([]*report.Finding, len(findings))
	for i, f := range findings {
		one := *f
		all[i] = &one
	}
	return all
}

// A report is compared with what the store knew as with the store, also after that was written
// and read again.
func TestMemoryIsWhatTheStoreKnew(t *testing.T) {
	s := newFile(t)
	for day, run := range month(5, 20) {
		o := observe(t, run)
		one, other := *run.Report, *run.Report
		one.Findings, other.Findings = copied(one.Findings), copied(other.Findings)
		known, err := s.Known(t.Context(), &one)
		if err != nil {
			t.Fatal(err)
		}
		past, err := s.Past(t.Context(), one.At)
		if err != nil {
			t.Fatal(err)
		}
		text, err := (&Memory{Past: past, Known: known}).Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := DecodeMemory(text)
		if err != nil {
			t.Fatal(err)
		}
		found, errOne := known.Compare(&one, o)
		same, errOther := again.Known.Compare(&other, o)
		if errOne != nil || errOther != nil || found != (day > 0) || same != found {
			t.Fatalf("run %d: %v, %v, %v, %v", day+1, found, errOne, same, errOther)
		}
		if diff := cmp.Diff(one, other); diff != "" {
			t.Fatalf("run %d (-store +memory):\n%s", day+1, diff)
		}
		if twice, err := again.Encode(); err != nil || string(twice) != string(text) {
			t.Fatalf("run %d: %v, or not the same bytes", day+1, err)
		}
		write(t, s, o)
	}
}

// What a comparison read is not used for the writing of the run where another program wrote,
// or pruned, in between.
func TestOthersWriteBetweenComparingAndWriting(t *testing.T) {
	runs := observed(t, 7, 16)
	late := len(runs) / 2
	for name, between := range map[string]func(t *testing.T, other *Store){
		"nothing":    func(*testing.T, *Store) {},
		"a late run": func(t *testing.T, other *Store) { write(t, other, runs[late]) },
		"prune": func(t *testing.T, other *Store) {
			if n, err := other.Prune(t.Context(), runs[late+2].Run.At); err != nil || n == 0 {
				t.Fatalf("%d, %v", n, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			place := Place{File: filepath.Join(t.TempDir(), "store.db")}
			s, other, fresh := opened(t, place), opened(t, place), newFile(t)
			last := len(runs) - 1
			for i, o := range runs[:last] {
				if i != late || name != "a late run" {
					write(t, s, o)
					write(t, fresh, o)
				}
			}
			if _, err := s.Known(t.Context(), month(7, 16)[last].Report); err != nil {
				t.Fatal(err)
			}
			between(t, other)
			between(t, fresh)
			write(t, s, runs[last])
			write(t, fresh, runs[last])
			sameExport(t, name, export(t, fresh), export(t, s))
			sameRows(t, name, told(t, fresh, findingsKept), told(t, s, findingsKept))
		})
	}
}

// findingsKept is what a store says of all findings.
const findingsKept = `SELECT s.fingerprint || ' ' || s.from_run, s.state || ' ' || s.reopened || ' ' || COALESCE(s.to_run, 0) FROM finding_state s JOIN finding f ON f.fingerprint = s.fingerprint`
