package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// worlds is how many random companies the tests try.
func worlds(t *testing.T, ordinary int) int {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv("TOKENAUDIT_WORLDS")); err == nil {
		return n
	}
	if testing.Short() {
		// The race detector makes SQLite slow, and nothing runs at once here.
		return 1
	}
	return ordinary
}

// days is how long they are followed.
func days(ordinary int) int {
	if os.Getenv("TOKENAUDIT_WORLDS") != "" {
		return 30
	}
	return ordinary
}

// missing skips a test that needs a program which is not there. Where all tests have to run,
// that is an error.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("TOKENAUDIT_NO_SKIP") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// maker makes an empty store.
type maker func(t *testing.T) *Store

func newFile(t *testing.T) *Store {
	t.Helper()
	return opened(t, Place{File: filepath.Join(t.TempDir(), "store.db")})
}

func opened(t *testing.T, place Place) *Store {
	t.Helper()
	s, err := Open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func observe(t *testing.T, s scan) *Observation {
	t.Helper()
	o, err := Observe(s.Input)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// observed returns what the runs of some days saw.
func observed(t *testing.T, seed uint64, days int) []*Observation {
	t.Helper()
	var runs []*Observation
	for _, run := range month(seed, days) {
		runs = append(runs, observe(t, run))
	}
	return runs
}

func write(t *testing.T, s *Store, o *Observation) Outcome {
	t.Helper()
	out, err := s.Write(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func export(t *testing.T, s *Store) string {
	t.Helper()
	var out bytes.Buffer
	if err := s.Export(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// The history says of every finding what a model says that follows the runs by itself.
func TestHistoryAgainstModel(t *testing.T) { historyAgainstModel(t, newFile, worlds(t, 3), days(30)) }

func historyAgainstModel(t *testing.T, empty maker, worlds, days int) {
	t.Helper()
	for world := range worlds {
		runs := month(uint64(world), days)
		s, m := empty(t), newModel()
		for day, run := range runs {
			write(t, s, observe(t, run))
			m.see(run)
			compareWithModel(t, s, m, fmt.Sprintf("world %d, run %d", world, day+1))
			if t.Failed() {
				return
			}
		}
	}
}

func compareWithModel(t *testing.T, s *Store, m *model, where string) {
	t.Helper()
	got, want := map[string]string{}, map[string]string{}
	for fingerprint, f := range m.fates {
		want[fingerprint] = fmt.Sprintf("%s %s since %s reopened %d", m.facts[fingerprint].Rule, f.state, stamp(f.first), f.reopened)
	}
	err := s.reading(t.Context(), func(tx *tx) error {
		reopened := tx.reopenings()
		tx.Each(func(scan func(...any)) error {
			var fingerprint, rule, state, first string
			scan(&fingerprint, &rule, &state, &first)
			got[fingerprint] = fmt.Sprintf("%s %s since %s reopened %d", rule, state, first, reopened[fingerprint])
			return nil
		}, `SELECT fingerprint, rule, state, first_seen FROM findings`)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", where, diff)
	}
	there := rows{}
	for id := range m.tokens {
		there[id] = m.tokens[id].Source
	}
	sameRows(t, where, there, told(t, s, `SELECT token, source FROM tokens`))
}

// What a run saw is told again as it was, but for messages, which are those of the first run.
func TestRecallIsWhatWasWritten(t *testing.T) {
	recallIsWhatWasWritten(t, newFile, worlds(t, 2), days(20))
}

func recallIsWhatWasWritten(t *testing.T, empty maker, worlds, days int) {
	t.Helper()
	for world := range worlds {
		s := empty(t)
		var written []*Observation
		for _, run := range month(uint64(world), days) {
			o := observe(t, run)
			o.Run.Files = []File{{Name: "configuration.json", Data: []byte("{}\x00\xff")}}
			written = append(written, o)
			write(t, s, o)
		}
		for i, want := range written {
			var got *Observation
			err := s.reading(t.Context(), func(tx *tx) (err error) {
				got, err = tx.recall(i + 1)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for j := range got.Findings {
				got.Findings[j].Message = want.Findings[j].Message
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Observation{})); diff != "" {
				t.Fatalf("world %d, run %d (-want +got):\n%s", world, i+1, diff)
			}
		}
	}
}

// The order in which runs are written makes no difference, nor does writing them twice, by
// way of an export, or by shards.
func TestOrderMakesNoDifference(t *testing.T) {
	orderMakesNoDifference(t, newFile, worlds(t, 2), days(12))
}

// orderMakesNoDifference compares with a file to which the runs were written in order.
func orderMakesNoDifference(t *testing.T, empty maker, worlds, days int) {
	t.Helper()
	for world := range worlds {
		runs := observed(t, uint64(world), days)
		straight := newFile(t)
		for _, o := range runs {
			write(t, straight, o)
		}
		want := export(t, straight)
		random := rand.New(rand.NewPCG(uint64(world), 3))
		shuffled := empty(t)
		for _, i := range random.Perm(len(runs)) {
			write(t, shuffled, runs[i])
			if out := write(t, shuffled, runs[random.IntN(i+1)]); out.Known != (out.Moved == 0 && out.Known) {
				t.Errorf("%+v", out)
			}
		}
		sameExport(t, "shuffled", want, export(t, shuffled))
		sameRows(t, "shuffled", told(t, straight, tokensKept), told(t, shuffled, tokensKept))
		sameExport(t, "imported", want, imported(t, empty(t), random, runs, want))
	}
}

func sameExport(t *testing.T, name, want, got string) {
	t.Helper()
	if want == got {
		return
	}
	a, b := bytes.Split([]byte(want), []byte("\n")), bytes.Split([]byte(got), []byte("\n"))
	for i := range min(len(a), len(b)) {
		if !bytes.Equal(a[i], b[i]) {
			t.Fatalf("%s: line %d differs:\n%s\n%s", name, i+1, a[i], b[i])
		}
	}
	t.Fatalf("%s: %d lines, want %d", name, len(b), len(a))
}

// imported returns the export of a store that has some runs, and imports all.
func imported(t *testing.T, s *Store, random *rand.Rand, runs []*Observation, text string) string {
	t.Helper()
	for _, o := range runs {
		if random.IntN(2) == 0 {
			write(t, s, o)
		}
	}
	if _, err := s.Import(t.Context(), bytes.NewReader([]byte(text))); err != nil {
		t.Fatal(err)
	}
	return export(t, s)
}

// A file of SQLite that another program made is left as it is.
func TestFileOfAnotherProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cookies.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), `CREATE TABLE cookie (name TEXT)`)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	was, errWas := os.ReadFile(path)
	if s, err := Open(t.Context(), Place{File: path}); err == nil || !strings.Contains(err.Error(), "another program made the file") {
		t.Errorf("%v, %v", s, err)
	}
	if is, err := os.ReadFile(path); errors.Join(errWas, err) != nil || !bytes.Equal(was, is) {
		t.Error("the file is another one")
	}
}

var errStop = errors.New("stop")

// Nothing of a write that fails is left.
func TestFailedWriteLeavesNothing(t *testing.T) { failedWriteLeavesNothing(t, newFile(t)) }

func failedWriteLeavesNothing(t *testing.T, s *Store) {
	t.Helper()
	runs := month(1, 5)
	for _, run := range runs[:3] {
		write(t, s, observe(t, run))
	}
	before := export(t, s)
	err := s.writing(t.Context(), func(tx *tx) error {
		if err := tx.append(4, observe(t, runs[3])); err != nil {
			return err
		}
		return errStop
	})
	if !errors.Is(err, errStop) {
		t.Fatal(err)
	}
	sameExport(t, "after the failure", before, export(t, s))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Write(ctx, observe(t, runs[3])); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	sameExport(t, "after the interruption", before, export(t, s))
}
