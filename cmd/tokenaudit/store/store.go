// Package store keeps what every run saw: which tokens there were, what could be read, and
// what was wrong. It answers since when something is so, and what became of it.
//
// What it holds is a function of the runs alone, sorted by their audit time, whatever the
// order in which they were written: see [Store.Write]. A store is a file of SQLite or a
// database of PostgreSQL, with one schema, which migrations/ defines.
package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite" // also the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
)

//go:embed migrations/*.sql
var migrations embed.FS

// patience is how long a writer waits for another one.
const patience = 30 * time.Second

// ErrNotFound is for a store that is read and does not exist.
var ErrNotFound = errors.New("there are no runs in it yet: scan or evaluate with --store writes one")

// ErrBusy is for a store to which another program writes for longer than 30 seconds.
var ErrBusy = errors.New("another program writes to the store: try again when it has ended")

// Place says where a store is: a file or a database.
type Place struct {
	// File is the path of a file of SQLite.
	File string
	// Postgres is a connection string of PostgreSQL. It may hold a password: do not show it.
	Postgres string
}

// IsZero reports whether there is no store.
func (p Place) IsZero() bool { return p == Place{} }

// String names the place without a secret.
func (p Place) String() string { return cmp.Or(p.File, "the PostgreSQL database") }

// Store is an open store. Its methods may be called concurrently.
type Store struct {
	db       *sql.DB
	place    Place
	postgres bool
}

// Open opens a store, and makes it where there is none. One that a newer version wrote, or
// that is something else, is an error.
func Open(ctx context.Context, place Place) (*Store, error) {
	s, err := open(ctx, place)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", place, err)
	}
	return s, nil
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

func open(ctx context.Context, place Place) (*Store, error) {
	s := &Store{place: place, postgres: place.Postgres != ""}
	var err error
	if s.postgres {
		s.db, err = openPostgres(place.Postgres)
	} else {
		s.db, err = openSQLite(ctx, place.File)
	}
	if err != nil {
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(s.named(err), s.db.Close())
	}
	return s, nil
}

// Close closes the store.
func (s *Store) Close() error { return s.db.Close() }

// sqliteHead begins every file of SQLite.
const sqliteHead = "SQLite format 3\x00"

// openSQLite opens or makes a file. Names of tokens are in it, so nobody else may read it.
func openSQLite(ctx context.Context, path string) (*sql.DB, error) {
	created, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		err = created.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := checkFile(ctx, path); err != nil {
		return nil, err
	}
	options := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(" + strconv.FormatInt(patience.Milliseconds(), 10) + ")", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
	}}
	return sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: options.Encode()}).String())
}

// checkFile refuses what is not a file of SQLite: nothing that a user has is written over.
func checkFile(ctx context.Context, path string) error {
	f, err := interruptible.Open(ctx, path)
	if err != nil {
		return err
	}
	head := make([]byte, len(sqliteHead))
	n, _ := f.Read(head)
	if err := f.Close(); err != nil {
		return err
	}
	if n > 0 && string(head[:n]) != sqliteHead {
		return errors.New("it is not a store: the file begins with something else")
	}
	return nil
}

func openPostgres(connection string) (*sql.DB, error) {
	config, err := pgx.ParseConfig(connection)
	if err != nil {
		// The error quotes the connection string, which has a password.
		return nil, errors.New("the connection string is not one of PostgreSQL, such as postgres://user@host:5432/database")
	}
	config.RuntimeParams["application_name"] = "tokenaudit"
	config.RuntimeParams["lock_timeout"] = strconv.FormatInt(patience.Milliseconds(), 10)
	config.RuntimeParams["timezone"] = "UTC"
	return stdlib.OpenDB(*config), nil
}

// migrate brings the schema up to date.
func (s *Store) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	dialect := goose.DialectSQLite3
	if s.postgres {
		dialect = goose.DialectPostgres
	}
	provider, err := goose.NewProvider(dialect, s.db, files, goose.WithDisableGlobalRegistry(true), goose.WithVerbose(false))
	if err != nil {
		return err
	}
	// Two programs that make a store at once race for its first table: the second one finds
	// it made.
	for attempt := 0; ; attempt++ {
		err = s.migrateOnce(ctx, provider)
		if err == nil || attempt == 5 || ctx.Err() != nil {
			return err
		}
		if err := pause(ctx, time.Duration(attempt+1)*100*time.Millisecond); err != nil {
			return err
		}
	}
}

func (s *Store) migrateOnce(ctx context.Context, provider *goose.Provider) error {
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > target {
		return fmt.Errorf("a newer version of tokenaudit wrote it (schema %d, this one knows %d): use that version", current, target)
	}
	if current == target {
		return nil
	}
	_, err = provider.Up(ctx)
	return err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// named returns an error of the database as one that a user understands.
func (s *Store) named(err error) error {
	if of, ok := errors.AsType[*sqlite.Error](err); ok {
		switch of.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return ErrBusy
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return fmt.Errorf("the file is damaged: %w", err)
		case sqlite3.SQLITE_READONLY:
			return fmt.Errorf("it cannot be written: %w", err)
		case sqlite3.SQLITE_FULL:
			return fmt.Errorf("the disk is full: %w", err)
		}
	}
	if s.postgres && strings.Contains(err.Error(), "55P03") {
		return ErrBusy
	}
	return err
}

// writing runs fn in a transaction that no other writer shares.
func (s *Store) writing(ctx context.Context, fn func(*tx) error) error {
	raw, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.named(err)
	}
	t := s.newTx(ctx, raw)
	if s.postgres {
		t.exec(`LOCK TABLE run IN EXCLUSIVE MODE`)
	}
	return s.end(t, fn)
}

// reading runs fn on a snapshot, which no writer changes.
func (s *Store) reading(ctx context.Context, fn func(*tx) error) error {
	options := &sql.TxOptions{ReadOnly: true}
	if s.postgres {
		options.Isolation = sql.LevelRepeatableRead
	}
	raw, err := s.db.BeginTx(ctx, options)
	if err != nil {
		return s.named(err)
	}
	return s.end(s.newTx(ctx, raw), fn)
}

func (s *Store) end(t *tx, fn func(*tx) error) error {
	err := t.err
	if err == nil {
		err = fn(t)
	}
	if err = cmp.Or(err, t.err); err != nil {
		return s.named(errors.Join(err, t.raw.Rollback()))
	}
	if err := t.raw.Commit(); err != nil {
		return s.named(err)
	}
	return nil
}

// tx is a transaction. The first error ends it: what follows does nothing, and end returns it.
type tx struct {
	raw      *sql.Tx
	postgres bool
	prepared map[string]*sql.Stmt
	err      error

	// prepare, run and query are those of the database, until the context of the transaction ends.
	prepare func(text string) (*sql.Stmt, error)
	run     func(of *sql.Stmt, arguments []any) error
	query   func(of *sql.Stmt, arguments []any) (*sql.Rows, error)
}

func (s *Store) newTx(ctx context.Context, raw *sql.Tx) *tx {
	return &tx{
		raw: raw, postgres: s.postgres, prepared: map[string]*sql.Stmt{},
		prepare: func(text string) (*sql.Stmt, error) { return raw.PrepareContext(ctx, text) },
		run: func(of *sql.Stmt, arguments []any) error {
			_, err := of.ExecContext(ctx, arguments...)
			return err
		},
		query: func(of *sql.Stmt, arguments []any) (*sql.Rows, error) { return of.QueryContext(ctx, arguments...) },
	}
}

// stmt returns the statement of a query with ? for its parameters.
func (t *tx) stmt(query string) *sql.Stmt {
	if t.err != nil {
		return nil
	}
	if have, ok := t.prepared[query]; ok {
		return have
	}
	text := query
	if t.postgres {
		text = numbered(query)
	}
	made, err := t.prepare(text)
	if err != nil {
		t.err = fmt.Errorf("%s: %w", query, err)
		return nil
	}
	t.prepared[query] = made
	return made
}

// numbered returns a query with $1, $2 and so on for each ?.
func numbered(query string) string {
	var out strings.Builder
	n := 0
	for part := range strings.SplitSeq(query, "?") {
		if n > 0 {
			out.WriteString("$" + strconv.Itoa(n))
		}
		out.WriteString(part)
		n++
	}
	return out.String()
}

func (t *tx) exec(query string, arguments ...any) {
	made := t.stmt(query)
	if made == nil {
		return
	}
	if err := t.run(made, arguments); err != nil {
		t.err = fmt.Errorf("%s: %w", query, err)
	}
}

// each calls fn for every row, which scan reads. fn must not use the transaction, which
// PostgreSQL allows for one query at a time.
func (t *tx) each(fn func(scan func(...any)) error, query string, arguments ...any) {
	made := t.stmt(query)
	if made == nil {
		return
	}
	rows, err := t.query(made, arguments)
	if err != nil {
		t.err = fmt.Errorf("%s: %w", query, err)
		return
	}
	for err == nil && rows.Next() {
		var errScan error
		err = fn(func(to ...any) { errScan = rows.Scan(to...) })
		err = cmp.Or(errScan, err)
	}
	if err := cmp.Or(err, rows.Err(), rows.Close()); err != nil {
		t.err = fmt.Errorf("%s: %w", query, err)
	}
}

// one reads the only row, if there is one.
func (t *tx) one(to []any, query string, arguments ...any) (found bool) {
	t.each(func(scan func(...any)) error {
		found = true
		scan(to...)
		return nil
	}, query, arguments...)
	return found && t.err == nil
}

// keep keeps a body and returns its id.
func (t *tx) keep(data string) string {
	id := bodyID(data)
	t.exec(`INSERT INTO body (id, data) VALUES (?, ?) ON CONFLICT (id) DO NOTHING`, id, data)
	return id
}

// bodyID identifies a body: 160 bits of its SHA-256.
func bodyID(data string) string {
	sum := sha256.Sum256([]byte(data))
	return base64.RawURLEncoding.EncodeToString(sum[:20])
}
