package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Prune forgets what ended before a moment: runs, versions of tokens and findings that are
// over. What is there or open keeps since when it is, and the latest run is kept. It returns
// how many runs were forgotten.
func (s *Store) Prune(ctx context.Context, before time.Time) (int, error) {
	pruned := 0
	err := s.writing(ctx, func(t *tx) error {
		var first int
		t.One([]any{&first}, `SELECT COALESCE(MIN(run), (SELECT MAX(run) FROM run)) FROM run WHERE at >= ?`, stamp(before))
		t.One([]any{&pruned}, `SELECT COUNT(*) FROM run WHERE kept = 1 AND run < ?`, first)
		if t.Err != nil || pruned == 0 {
			return t.Err
		}
		t.pruneRows(first)
		return t.pruneBodies()
	})
	if err == nil && pruned > 0 {
		err = s.db.Shrink(ctx)
	}
	if err != nil {
		return 0, fmt.Errorf("prune the store: %w", err)
	}
	return pruned, nil
}

func (t *tx) pruneRows(first int) {
	t.Exec(`UPDATE run SET kept = 0 WHERE run < ?`, first)
	t.Exec(`DELETE FROM reading WHERE run < ?`, first)
	t.Exec(`DELETE FROM token_version WHERE to_run <= ?`, first)
	t.Exec(`DELETE FROM token WHERE token NOT IN (SELECT token FROM token_version)`)
	t.Exec(`DELETE FROM finding_state WHERE fingerprint IN
		(SELECT fingerprint FROM finding_state WHERE to_run IS NULL AND from_run <= ? AND state IN ('resolved', 'gone'))`, first)
	t.Exec(`DELETE FROM finding WHERE fingerprint NOT IN (SELECT fingerprint FROM finding_state)`)
}

// pruneBodies removes the bodies that nothing refers to any more.
func (t *tx) pruneBodies() error {
	used := map[string]bool{}
	var heads []string
	for _, query := range []string{
		`SELECT facts, '' FROM token_version`, `SELECT content, judged FROM reading`, `SELECT rules, '' FROM run`,
	} {
		t.Each(func(scan func(...any)) error {
			var a, b string
			scan(&a, &b)
			used[a], used[b] = true, true
			return nil
		}, query)
	}
	t.Each(func(scan func(...any)) error {
		var head string
		scan(&head)
		heads = append(heads, head)
		return nil
	}, `SELECT head FROM run WHERE kept = 1`)
	for _, head := range heads {
		var run Run
		if err := json.Unmarshal([]byte(head), &run); err != nil {
			return fmt.Errorf("a run: %w", err)
		}
		for _, f := range run.Files {
			used[f.Body] = true
		}
	}
	var unused []string
	t.Each(func(scan func(...any)) error {
		var id string
		scan(&id)
		if !used[id] {
			unused = append(unused, id)
		}
		return nil
	}, `SELECT id FROM body`)
	for _, id := range unused {
		t.Exec(`DELETE FROM body WHERE id = ?`, id)
	}
	return t.Err
}
