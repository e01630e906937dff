// Package store keeps what every run saw: which tokens there were, what could be read, and
// what was wrong. It answers since when something is so, and what became of it.
//
// What it holds is a function of the runs alone, sorted by their audit time, whatever the
// order in which they were written: see [Store.Write]. A store is a file of SQLite or a
// database of PostgreSQL, with one schema, which migrations/ defines.
package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store/database"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store/observation"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNotFound is for a store that is read and does not exist.
var ErrNotFound = errors.New("it has no runs yet: scan or evaluate with --store writes one")

// Place says where a store is.
type Place = database.Place

// Store is an open store. Its methods may be called concurrently.
type Store struct {
	db *database.DB
	// recent is nil before anything was read.
	recent atomic.Pointer[recent]
}

// Open opens a store, and makes it where there is none. One that a newer version wrote, that
// has another schema, or that is something else, is an error.
func Open(ctx context.Context, place Place) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	db, err := database.Open(ctx, place, files, "run")
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", place, err)
	}
	return &Store{db: db}, nil
}

// OpenExisting is Open, but ErrNotFound where there is no store yet.
func OpenExisting(ctx context.Context, place Place) (*Store, error) {
	if place.File != "" {
		if _, err := os.Stat(place.File); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("store: %s: %w", place, ErrNotFound)
		}
	}
	return Open(ctx, place)
}

// Close closes the store.
func (s *Store) Close() error { return s.db.Close() }

// tx is a transaction on a store.
type tx struct {
	*database.Tx

	recent *atomic.Pointer[recent]
}

// writing runs fn in a transaction that no other writer shares.
func (s *Store) writing(ctx context.Context, fn func(*tx) error) error {
	return s.db.Writing(ctx, func(t *database.Tx) error { return fn(&tx{t, &s.recent}) })
}

// reading runs fn on a snapshot, which no writer changes.
func (s *Store) reading(ctx context.Context, fn func(*tx) error) error {
	return s.db.Reading(ctx, func(t *database.Tx) error { return fn(&tx{t, &s.recent}) })
}

// atOnce is of how many keys one query asks.
const atOnce = 100

// eachOf is Each for a query with IN (*), asked for all keys. The arguments follow these.
func (t *tx) eachOf(keys []string, fn func(scan func(...any)) error, query string, arguments ...any) {
	query = strings.Replace(query, "*", strings.Repeat("?, ", atOnce-1)+"?", 1)
	for chunk := range slices.Chunk(keys, atOnce) {
		var all []any
		for i := range atOnce {
			// The last one stands for those that are left.
			all = append(all, chunk[min(i, len(chunk)-1)])
		}
		t.Each(fn, query, append(all, arguments...)...)
	}
}

// keep keeps a body and returns its id.
func (t *tx) keep(data string) string {
	id := observation.BodyID(data)
	t.Exec(`INSERT INTO body (id, data) VALUES (?, ?) ON CONFLICT (id) DO NOTHING`, id, data)
	return id
}
