package store

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/policies"
)

// documented returns the columns of the views as README.md names them.
func documented(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| View | ")
	aside, name := regexp.MustCompile(`\([^)]*\)`), regexp.MustCompile("`([a-z_]+)`")
	views := map[string][]string{}
	for _, line := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|[^|]*\\|(.*)\\|$").FindAllStringSubmatch(table, -1) {
		for _, column := range name.FindAllStringSubmatch(aside.ReplaceAllString(line[2], ""), -1) {
			views[line[1]] = append(views[line[1]], column[1])
		}
	}
	return views
}

func TestViewsAreAsDocumented(t *testing.T) { viewsAreAsDocumented(t, newFile(t)) }

func viewsAreAsDocumented(t *testing.T, s *Store) {
	t.Helper()
	views := documented(t)
	if len(views) != 6 {
		t.Fatalf("%v", views)
	}
	for _, o := range observed(t, 1, 2) {
		write(t, s, o)
	}
	for view, columns := range views {
		row := make([]any, len(columns))
		for i := range row {
			row[i] = new(any)
		}
		err := s.reading(t.Context(), func(tx *tx) error {
			// All of them are there, and no others.
			for _, query := range []string{strings.Join(columns, ", "), "*"} {
				if !tx.One(row, `SELECT `+query+` FROM `+view+` LIMIT 1`) && tx.Err == nil {
					t.Errorf("%s has no rows", view)
				}
			}
			return tx.Err
		})
		if err != nil {
			t.Errorf("%s: README.md names the columns %v: %v", view, columns, err)
		}
	}
}

// The queries of README.md, as a user types them.
func TestQueriesOfTheReadme(t *testing.T) {
	if _, err := exec.LookPath("sqlite3"); err != nil {
		missing(t, "sqlite3 is missing: Debian's package sqlite3 has it")
	}
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := opened(t, Place{File: filepath.Join(dir, "tokenaudit.db")})
	run := month(1, 1)[0]
	write(t, s, observe(t, run))
	open := 0
	for _, f := range run.Report.Findings {
		if f.Status == policies.Fail {
			open++
		}
	}
	answers := []string{fmt.Sprintf("high|%d|%s\n", open, stamp(run.Report.At))}
	commands := regexp.MustCompile("(?m)^sqlite3 tokenaudit.db .*$").FindAllString(string(text), -1)
	if len(commands) != len(answers) {
		t.Fatalf("%d queries, want %d: say what they answer", len(commands), len(answers))
	}
	for i, command := range commands {
		// The store is open: a user does not wait for it.
		shell := exec.CommandContext(t.Context(), "sh", "-c", command)
		shell.Dir = dir
		got, err := shell.CombinedOutput()
		if err != nil || string(got) != answers[i] {
			t.Errorf("%s: %v: got %q, want %q", command, err, got, answers[i])
		}
	}
}
