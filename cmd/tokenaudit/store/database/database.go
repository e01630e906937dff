// Package database opens the database of a store, a file of SQLite or a PostgreSQL, brings
// its schema up to date, and runs transactions on it.
package database

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite" // also the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// patience is how long a writer waits for another one, where the place says nothing else.
const patience = 30 * time.Second

// ErrBusy is for a store to which another program writes for longer than 30 seconds.
var ErrBusy = errors.New("another program is writing to the store: try again when it has finished")

var errNewer = errors.New("a newer version of tokenaudit wrote it")

// Place says where a store is: a file or a database.
type Place struct {
	// File is the path of a file of SQLite.
	File string
	// Postgres is a connection string of PostgreSQL. It may hold a password: do not show it.
	Postgres string

	// Patience is how long a writer waits for another one; 0 for 30 seconds.
	Patience time.Duration
}

// IsZero reports whether there is no store.
func (p Place) IsZero() bool { return p == Place{} }

// waits returns for how many milliseconds a writer waits for another one.
func (p Place) waits() string {
	return strconv.FormatInt(cmp.Or(p.Patience, patience).Milliseconds(), 10)
}

// String names the place without a secret.
func (p Place) String() string { return cmp.Or(p.File, "the PostgreSQL database") }

// DB is an open database. Its methods may be called concurrently.
type DB struct {
	db       *sql.DB
	place    Place
	postgres bool
	// table is that which a writer locks in PostgreSQL.
	table string
}

// Open opens a database, and makes it where there is none, with the schema that migrations
// make. table is that which writers lock in PostgreSQL. A database that a newer version
// wrote, that has another schema, or that is something else, is an error.
func Open(ctx context.Context, place Place, migrations fs.FS, table string) (*DB, error) {
	s := &DB{place: place, postgres: place.Postgres != "", table: table}
	var err error
	if s.postgres {
		s.db, err = openPostgres(place)
	} else {
		s.db, err = openSQLite(ctx, place)
	}
	if err != nil {
		return nil, s.named(err)
	}
	if err := s.migrate(ctx, migrations); err != nil {
		return nil, errors.Join(s.named(err), s.db.Close())
	}
	return s, nil
}

// Close closes the database.
func (s *DB) Close() error { return s.db.Close() }

// sqliteHead begins every file of SQLite.
const sqliteHead = "SQLite format 3\x00"

// openSQLite opens or makes a file. Names of tokens are in it, so nobody else may read it.
func openSQLite(ctx context.Context, place Place) (*sql.DB, error) {
	// Names such as :memory: mean something else to SQLite.
	path, err := filepath.Abs(place.File)
	if err != nil {
		return nil, err
	}
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
		"busy_timeout(" + place.waits() + ")", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
	}}
	address := "file:" + (&url.URL{Path: path}).EscapedPath()
	if err := checkTables(ctx, address, place.waits()); err != nil {
		return nil, err
	}
	return sql.Open("sqlite", address+"?"+options.Encode())
}

// checkFile refuses what is not a file of SQLite: nothing that a user has is written over.
func checkFile(ctx context.Context, path string) error {
	if stat, err := os.Stat(path); err == nil && !stat.Mode().IsRegular() {
		return errors.New("it is not a file")
	}
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

// checkTables refuses a file of SQLite that another program made, and leaves it as it is.
func checkTables(ctx context.Context, address, waits string) error {
	db, err := sql.Open("sqlite", address+"?_pragma=busy_timeout("+waits+")")
	if err != nil {
		return err
	}
	var tables, versions int
	err = db.QueryRowContext(ctx, `SELECT COUNT(*), COUNT(CASE name WHEN 'goose_db_version' THEN 1 END) FROM sqlite_master WHERE type = 'table'`).Scan(&tables, &versions)
	if err == nil && tables > 0 && versions == 0 {
		err = errors.New("it is not a store: another program made the file")
	}
	return errors.Join(err, db.Close())
}

func openPostgres(place Place) (*sql.DB, error) {
	config, err := pgx.ParseConfig(place.Postgres)
	if err != nil {
		// The error quotes the connection string, which has a password.
		return nil, errors.New("the connection string is not one of PostgreSQL, such as postgres://user@host:5432/database")
	}
	config.RuntimeParams["application_name"] = "tokenaudit"
	config.RuntimeParams["lock_timeout"] = place.waits()
	config.RuntimeParams["timezone"] = "UTC"
	return stdlib.OpenDB(*config), nil
}

// migrate brings the schema up to date.
func (s *DB) migrate(ctx context.Context, files fs.FS) error {
	dialect := goose.DialectSQLite3
	if s.postgres {
		dialect = goose.DialectPostgres
	}
	provider, err := newProvider(dialect, s.db, files)
	if err != nil {
		return err
	}
	// Two programs that make a store at once race for its first table: the second one finds
	// it made.
	begin := time.Now()
	for attempt := 0; ; attempt++ {
		err = s.migrateOnce(ctx, provider, files)
		if err == nil || attempt == 5 || ctx.Err() != nil || errors.Is(err, errNewer) || errors.Is(err, errOther) || time.Since(begin) > cmp.Or(s.place.Patience, patience) {
			return err
		}
		if err := pause(ctx, time.Duration(attempt+1)*100*time.Millisecond); err != nil {
			return err
		}
	}
}

func newProvider(dialect goose.Dialect, db *sql.DB, files fs.FS) (*goose.Provider, error) {
	return goose.NewProvider(dialect, db, files, goose.WithDisableGlobalRegistry(true), goose.WithVerbose(false))
}

func (s *DB) migrateOnce(ctx context.Context, provider *goose.Provider, files fs.FS) error {
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > target {
		return fmt.Errorf("%w (schema %d, this one knows %d): use that version", errNewer, current, target)
	}
	if current > 0 {
		if err := s.checkSchema(ctx, files, current); err != nil {
			return err
		}
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
func (s *DB) named(err error) error {
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
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		// It has a line for each address that was tried.
		return errors.New(safetext.OneLine(err.Error()))
	}
	return err
}

// Writing runs fn in a transaction that no other writer shares.
func (s *DB) Writing(ctx context.Context, fn func(*Tx) error) error {
	raw, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.named(err)
	}
	t := s.newTx(ctx, raw)
	if s.postgres {
		t.Exec(`LOCK TABLE ` + s.table + ` IN EXCLUSIVE MODE`)
	}
	return s.end(t, fn)
}

// Reading runs fn on a snapshot, which no writer changes.
func (s *DB) Reading(ctx context.Context, fn func(*Tx) error) error {
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

func (s *DB) end(t *Tx, fn func(*Tx) error) error {
	err := t.Err
	if err == nil {
		err = fn(t)
	}
	if err = cmp.Or(err, t.Err); err != nil {
		return s.named(errors.Join(err, t.raw.Rollback()))
	}
	if err := t.raw.Commit(); err != nil {
		return s.named(err)
	}
	return nil
}

// Shrink returns the space of what was deleted to the system. PostgreSQL does so by itself.
func (s *DB) Shrink(ctx context.Context) error {
	if s.postgres {
		return nil
	}
	if _, err := s.db.ExecContext(ctx, `VACUUM`); err != nil {
		return s.named(err)
	}
	return nil
}
