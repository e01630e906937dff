package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store/observation"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Outcome says what became of a run that was written.
type Outcome struct {
	// Run is its number: its place in time, from 1.
	Run int
	// Known: the store had it already.
	Known bool
	// Moved is how many later runs had to be written again behind it.
	Moved int
	// Missing is how many shards of it are not in yet; the run is not there before they are.
	Missing int
}

// Write writes a run. Runs may come in any order, and twice: the history is that of the
// runs sorted by audit time.
func (s *Store) Write(ctx context.Context, o *Observation) (Outcome, error) {
	var out Outcome
	err := s.writing(ctx, func(t *tx) error {
		var err error
		out, err = s.insert(ctx, t, o)
		return err
	})
	if err != nil {
		return out, fmt.Errorf("write the run to the store: %w", err)
	}
	return out, nil
}

func (s *Store) insert(ctx context.Context, t *tx, o *Observation) (Outcome, error) {
	given := false
	return s.insertAll(ctx, t, func() (*Observation, error) {
		if given {
			return nil, nil
		}
		given = true
		return o, nil
	})
}

// insertAll writes runs that next returns, the earliest first, nil after the last one.
// Later runs that the store has are forgotten, and added again in their places as the store
// still tells of them to those that do not see the transaction. The outcome is that of the
// last run; Known where the store had all of them.
func (s *Store) insertAll(ctx context.Context, t *tx, next func() (*Observation, error)) (Outcome, error) {
	out := Outcome{Known: true}
	var o *Observation
	for {
		var err error
		if o, err = next(); err != nil || o == nil {
			return out, err
		}
		var n int
		if !t.One([]any{&n}, `SELECT run FROM run WHERE id = ?`, o.Run.ID) {
			break
		}
		out.Run = n
	}
	out.Known = false
	first, last, err := t.place(&o.Run)
	if err != nil {
		return out, err
	}
	err = s.reading(ctx, func(before *tx) error {
		if first <= last {
			t.forget(first)
		}
		m := merging{tx: t, before: before, n: first, old: first, last: last}
		for ; o != nil && err == nil; o, err = next() {
			if err := m.put(o); err != nil {
				return err
			}
			out.Run = m.n - 1
		}
		if err != nil {
			return err
		}
		return m.rest()
	})
	out.Moved = max(0, last-first+1)
	return out, err
}

// place returns which number a run gets, and that of the last run.
func (t *tx) place(r *Run) (n, last int, err error) {
	at := stamp(r.At)
	var pruned int
	t.One([]any{&pruned}, `SELECT COUNT(*) FROM run WHERE kept = 0 AND (at > ? OR (at = ? AND id > ?))`, at, at, r.ID)
	t.One([]any{&last}, `SELECT COALESCE(MAX(run), 0) FROM run`)
	t.One([]any{&n}, `SELECT COUNT(*) + 1 FROM run WHERE at < ? OR (at = ? AND id < ?)`, at, at, r.ID)
	if t.Err == nil && pruned > 0 {
		return 0, 0, fmt.Errorf("cannot add the run of %s: later runs were pruned from the store", at)
	}
	return n, last, t.Err
}

// merging puts new runs between those that the store had.
type merging struct {
	tx     *tx
	before *tx
	// n is the next number; old is the next of the runs that the store had, until last.
	n, old, last int
	// recalled is the run old; nil before it was recalled.
	recalled *Observation
}

// put adds the runs of the store that are earlier than o, and then o.
func (m *merging) put(o *Observation) error {
	for {
		old, err := m.peek()
		if err != nil {
			return err
		}
		if old != nil && old.Run.ID == o.Run.ID {
			return nil
		}
		if old == nil || !old.Run.Before(&o.Run) {
			return m.add(o)
		}
		if err := m.addOld(); err != nil {
			return err
		}
	}
}

// peek returns the next of the runs that the store had; nil after the last one.
func (m *merging) peek() (*Observation, error) {
	if m.recalled == nil && m.old <= m.last {
		var err error
		if m.recalled, err = m.before.recall(m.old); err != nil {
			return nil, err
		}
	}
	return m.recalled, nil
}

func (m *merging) addOld() error {
	if err := m.add(m.recalled); err != nil {
		return err
	}
	m.recalled = nil
	m.old++
	return nil
}

func (m *merging) add(o *Observation) error {
	if err := m.tx.append(m.n, o); err != nil {
		return err
	}
	m.n++
	return nil
}

// rest adds the runs of the store that are later than all new ones.
func (m *merging) rest() error {
	for {
		old, err := m.peek()
		if err != nil || old == nil {
			return err
		}
		if err := m.addOld(); err != nil {
			return err
		}
	}
}

// forget removes the runs from n on, as if they had never been written.
func (t *tx) forget(n int) {
	for _, query := range []string{
		`DELETE FROM run WHERE run >= ?`,
		`DELETE FROM reading WHERE run >= ?`,
		`DELETE FROM token WHERE first_run >= ?`,
		`DELETE FROM token_version WHERE from_run >= ?`,
		`UPDATE token_version SET to_run = NULL, ended = '' WHERE to_run >= ?`,
		`DELETE FROM finding_state WHERE from_run >= ?`,
		`UPDATE finding_state SET to_run = NULL WHERE to_run >= ?`,
		`DELETE FROM finding WHERE first_run >= ?`,
	} {
		t.Exec(query, n)
	}
}

// shard is one of the parts of a run as the store keeps it until all are in.
type shard struct {
	Observation

	Sources  []Source  `json:"sources"`
	Tokens   []Token   `json:"tokens"`
	Findings []Finding `json:"findings"`
	// Contents are those of the files of the run.
	Contents [][]byte `json:"contents"`
}

// WriteShard writes one of the shards of a run, which are told by their audit time, rules,
// configuration and scope. When all are in, the run is written. index counts from 1.
func (s *Store) WriteShard(ctx context.Context, o *Observation, index, count int) (Outcome, error) {
	var out Outcome
	err := s.writing(ctx, func(t *tx) error {
		whole, missing, err := t.putShard(o, index, count)
		if err != nil || whole == nil {
			out = Outcome{Missing: missing}
			return err
		}
		out, err = s.insert(ctx, t, whole)
		return err
	})
	if err != nil {
		return out, fmt.Errorf("write the shard to the store: %w", err)
	}
	return out, nil
}

// putShard keeps a shard, and returns the whole run where it was the last one.
func (t *tx) putShard(o *Observation, index, count int) (whole *Observation, missing int, err error) {
	key, err := keyOf(&o.Run, count)
	if err != nil {
		return nil, 0, err
	}
	part := shard{Observation: *o, Sources: o.Sources, Tokens: o.Tokens, Findings: o.Findings}
	for _, f := range o.Run.Files {
		part.Contents = append(part.Contents, f.Data)
	}
	data, err := json.Marshal(part)
	if err != nil {
		return nil, 0, fmt.Errorf("keep the shard: %w", err)
	}
	text, err := observation.Packed(data)
	if err != nil {
		return nil, 0, err
	}
	t.Exec(`DELETE FROM part WHERE run_key = ? AND shard = ?`, key, index)
	t.Exec(`INSERT INTO part (run_key, shard, shards, at, data) VALUES (?, ?, ?, ?, ?)`, key, index, count, stamp(o.Run.At), text)
	var parts []string
	t.Each(func(scan func(...any)) error {
		var one string
		scan(&one)
		parts = append(parts, one)
		return nil
	}, `SELECT data FROM part WHERE run_key = ? ORDER BY shard`, key)
	if t.Err != nil || len(parts) < count {
		return nil, count - len(parts), t.Err
	}
	t.Exec(`DELETE FROM part WHERE run_key = ?`, key)
	whole, err = joined(parts)
	return whole, 0, err
}

func joined(parts []string) (*Observation, error) {
	var whole *Observation
	from := map[string]bool{}
	for _, text := range parts {
		data, err := observation.Unpacked(text)
		if err != nil {
			return nil, fmt.Errorf("a shard in the store: %w", err)
		}
		var part shard
		if err := json.Unmarshal(data, &part); err != nil {
			return nil, fmt.Errorf("a shard in the store: %w", err)
		}
		o := part.Observation
		o.Sources, o.Tokens, o.Findings = part.Sources, part.Tokens, part.Findings
		for i := range o.Run.Files {
			o.Run.Files[i].Data = part.Contents[i]
		}
		for _, source := range o.Sources {
			if from[source.ID] {
				return nil, fmt.Errorf("the source %s is in two shards", safetext.OneLine(source.ID))
			}
			from[source.ID] = true
		}
		if whole == nil {
			whole = &o
			continue
		}
		whole.Join(&o)
	}
	if scope := whole.Run.Scope; scope != nil {
		unsharded := *scope
		unsharded.Shard = ""
		whole.Run.Scope = unsharded.Compact()
	}
	if err := whole.Identify(); err != nil {
		return nil, err
	}
	return whole, nil
}

// keyOf tells the shards of one run from those of others.
func keyOf(r *Run, count int) (string, error) {
	scope := r.Scope
	if scope != nil {
		unsharded := *scope
		unsharded.Shard = ""
		scope = unsharded.Compact()
	}
	text, err := json.Marshal([]any{r.At, count, r.PolicyDigest, r.ConfigDigest, r.WaiversDigest, scope})
	return string(text), err
}

// CheckClock refuses a scan that is earlier than the latest run: the clock went back, and
// what was found last night would look as if it were to come.
func (s *Store) CheckClock(ctx context.Context, now time.Time) error {
	var last string
	err := s.reading(ctx, func(t *tx) error {
		t.One([]any{&last}, `SELECT COALESCE(MAX(at), '') FROM run`)
		return t.Err
	})
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if last > stamp(now) {
		return fmt.Errorf("the clock went back: it is %s, and the store has a run of %s; set the clock, or give the time of this scan as --at", stamp(now), last)
	}
	return nil
}
