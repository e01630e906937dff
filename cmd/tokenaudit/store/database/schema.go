package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/pressly/goose/v3"

	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// errOther is for a database whose tables are not those of the version that it names.
var errOther = errors.New("the store was made by a build of tokenaudit with another schema")

const (
	columnsSQLite = `SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type IN ('table', 'view') AND t.name NOT GLOB 'sqlite_*'`
	// The catalogue has all columns, information_schema those that the user may see.
	columnsPostgres = `SELECT t.relname, c.attname FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid
		WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind IN ('r', 'v') AND c.attnum > 0 AND NOT c.attisdropped`
)

// columns are the columns of tables and views, by name.
type columns map[string]map[string]bool

func readColumns(ctx context.Context, db *sql.DB, query string) (columns, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	out := columns{}
	for rows.Next() {
		var table, column string
		if err = rows.Scan(&table, &column); err != nil {
			break
		}
		if out[table] == nil {
			out[table] = map[string]bool{}
		}
		out[table][column] = true
	}
	return out, errors.Join(err, rows.Err(), rows.Close())
}

// columnsAt returns what the migrations make up to a version. Both databases have the same.
func columnsAt(ctx context.Context, files fs.FS, version int64) (_ columns, err error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1) // each has a memory of its own
	provider, err := newProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return nil, err
	}
	if _, err := provider.UpTo(ctx, version); err != nil {
		return nil, err
	}
	return readColumns(ctx, db, columnsSQLite)
}

// checkSchema refuses a database that an earlier build made when the migrations up to its
// version were others, as they were before the first release.
func (s *DB) checkSchema(ctx context.Context, files fs.FS, version int64) error {
	want, err := columnsAt(ctx, files, version)
	if err != nil {
		return err
	}
	query := columnsSQLite
	if s.postgres {
		query = columnsPostgres
	}
	have, err := readColumns(ctx, s.db, query)
	if err != nil {
		return err
	}
	if of := want.difference(have); of != "" {
		return fmt.Errorf(`%w (%s): export it with that build by "history export", and import it into a new store`, errOther, of)
	}
	return nil
}

// difference says what a database has otherwise, the first by name; empty for nothing. What
// else is in it is not ours.
func (c columns) difference(have columns) string {
	for _, table := range slices.Sorted(maps.Keys(c)) {
		if have[table] == nil {
			return "it has no table " + table
		}
		for _, column := range slices.Sorted(maps.Keys(c[table])) {
			if !have[table][column] {
				return fmt.Sprintf("table %s has no column %s", table, column)
			}
		}
		for _, column := range slices.Sorted(maps.Keys(have[table])) {
			if !c[table][column] {
				return fmt.Sprintf("table %s has a column %s", table, safetext.OneLine(column))
			}
		}
	}
	return ""
}
