package store

import (
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store/database"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report"
)

// A writer that waits for another one in vain says so, and reads meanwhile.
func TestBusyWriterIsAnError(t *testing.T) {
	busyWriterIsAnError(t, Place{File: filepath.Join(t.TempDir(), "store.db")})
}

func busyWriterIsAnError(t *testing.T, place Place) {
	t.Helper()
	runs := observed(t, 1, 4)
	s := opened(t, place)
	write(t, s, runs[0])
	place.Patience = 50 * time.Millisecond
	err := s.writing(t.Context(), func(tx *tx) error {
		// To open a store is not to write to it.
		hasty := opened(t, place)
		if _, err := hasty.Write(t.Context(), runs[1]); !errors.Is(err, database.ErrBusy) || !strings.Contains(err.Error(), "another program is writing to the store: try again when it has finished") {
			t.Errorf("a write beside another: %v", err)
		}
		if _, err := hasty.Prune(t.Context(), runs[0].Run.At.AddDate(1, 0, 0)); !errors.Is(err, database.ErrBusy) {
			t.Errorf("a prune beside a write: %v", err)
		}
		if _, err := hasty.Past(t.Context(), runs[1].Run.At); err != nil {
			t.Errorf("reading beside a write: %v", err)
		}
		return tx.append(2, runs[1])
	})
	if err != nil {
		t.Fatal(err)
	}
	write(t, s, runs[2])
	straight := newFile(t)
	for _, o := range runs[:3] {
		write(t, straight, o)
	}
	sameExport(t, "after the waiting", export(t, straight), export(t, s))
}

// writersAtOnceLoseNothing makes a store by several writers at once, of which each writes some runs.
func writersAtOnceLoseNothing(t *testing.T, place Place, writers int) {
	t.Helper()
	runs := observed(t, 5, 8)
	var all sync.WaitGroup
	for first := range writers {
		all.Go(func() {
			s, err := Open(t.Context(), place)
			if err != nil {
				t.Error(err)
				return
			}
			for i := first; i < len(runs); i += writers {
				if _, err := s.Write(t.Context(), runs[i]); err != nil {
					t.Error(err)
				}
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	straight := newFile(t)
	for _, o := range runs {
		write(t, straight, o)
	}
	sameExport(t, "of writers at once", export(t, straight), export(t, opened(t, place)))
}

func TestWritersAtOnceLoseNothing(t *testing.T) {
	writersAtOnceLoseNothing(t, Place{File: filepath.Join(t.TempDir(), "store.db")}, 3)
}

// Processes that make a store at once, and write runs to it, lose nothing either: SQLite
// locks between processes in another way than within one.
func TestProcessesAtOnceLoseNothing(t *testing.T) {
	const processes = 3
	path := filepath.Join(t.TempDir(), "store.db")
	runs := observed(t, childSeed, childDays)
	var children []*exec.Cmd
	for first := range processes {
		var mine []int
		for i := first; i < len(runs); i += processes {
			mine = append(mine, i)
		}
		children = append(children, childProcess(t, path, mine))
	}
	for _, child := range children {
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
	}
	for _, child := range children {
		if err := child.Wait(); err != nil {
			t.Error(err)
		}
	}
	straight := newFile(t)
	for _, o := range runs {
		write(t, straight, o)
	}
	sameExport(t, "of processes at once", export(t, straight), export(t, opened(t, Place{File: path})))
}

// hostileTextIsKept writes names, ids and messages that a CMS may have and a database may mind.
func hostileTextIsKept(t *testing.T, s *Store) {
	t.Helper()
	const hostile = "a\x00b\ue000c\ue000.\ue000\ue000\x00.\u2028'\"\\;--?$1%_\U0001F600\r\n"
	run := month(1, 1)[0]
	source := &run.Sources[0]
	source.Name = hostile
	source.Tokens[0].Name, source.Tokens[0].ID = hostile, source.ID+"/"+hostile
	source.Tokens[0].Owner = inventory.Owner{Name: hostile, ID: hostile}
	run.Report.Findings = append(run.Report.Findings, &report.Finding{
		Rule: "admin", Fingerprint: report.Fingerprint("admin", source.ID, source.Tokens[0].ID, hostile), Source: source.ID, CMS: source.CMS,
		Token: source.Tokens[0].ID, Key: hostile, Team: hostile, Message: hostile, Kind: source.Tokens[0].Kind, Severity: "high",
	})
	o := observe(t, run)
	write(t, s, o)
	file := newFile(t)
	write(t, file, o)
	text := export(t, file)
	sameExport(t, "of hostile text", text, export(t, s))
	if !slices.ContainsFunc(o.Findings, func(f Finding) bool { return strings.Contains(f.Message, "$1%_") }) || !strings.Contains(text, "$1%_") {
		t.Error("the text is not there")
	}
}

func TestHostileTextIsKept(t *testing.T) { hostileTextIsKept(t, newFile(t)) }
