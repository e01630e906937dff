package database

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Tx is a transaction. The first error ends it: what follows does nothing, and end returns it.
type Tx struct {
	raw      *sql.Tx
	postgres bool
	prepared map[string]*sql.Stmt
	// Err is the first error; nil for none.
	Err error

	// prepare, run and query are those of the database, until the context of the transaction ends.
	prepare func(text string) (*sql.Stmt, error)
	run     func(of *sql.Stmt, arguments []any) error
	query   func(of *sql.Stmt, arguments []any) (*sql.Rows, error)
}

func (s *DB) newTx(ctx context.Context, raw *sql.Tx) *Tx {
	return &Tx{
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
func (t *Tx) stmt(query string) *sql.Stmt {
	if t.Err != nil {
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
		t.Err = fmt.Errorf("%s: %w", query, err)
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

// Exec runs a statement with ? for its parameters.
func (t *Tx) Exec(query string, arguments ...any) {
	made := t.stmt(query)
	if made == nil {
		return
	}
	if err := t.run(made, t.escaped(arguments)); err != nil {
		t.Err = fmt.Errorf("%s: %w", query, err)
	}
}

// PostgreSQL has no text with NUL. It gets a character of the private use area instead, which
// is doubled where the text has it already.
var (
	escaper   = strings.NewReplacer("\uE000", "\uE000\uE000", "\x00", "\uE000.")
	unescaper = strings.NewReplacer("\uE000\uE000", "\uE000", "\uE000.", "\x00")
)

func (t *Tx) escaped(arguments []any) []any {
	for i := range arguments {
		if text, ok := arguments[i].(string); ok && t.postgres && strings.ContainsAny(text, "\x00\uE000") {
			arguments[i] = escaper.Replace(text)
		}
	}
	return arguments
}

// unescape undoes escaped in what was read.
func (t *Tx) unescape(to []any) {
	if !t.postgres {
		return
	}
	for i := range to {
		if v := reflect.ValueOf(to[i]).Elem(); v.Kind() == reflect.String && strings.Contains(v.String(), "\uE000") {
			v.SetString(unescaper.Replace(v.String()))
		}
	}
}

// Each calls fn for every row, which scan reads. fn must not use the transaction, which
// PostgreSQL allows for one query at a time.
func (t *Tx) Each(fn func(scan func(...any)) error, query string, arguments ...any) {
	made := t.stmt(query)
	if made == nil {
		return
	}
	rows, err := t.query(made, t.escaped(arguments))
	if err != nil {
		t.Err = fmt.Errorf("%s: %w", query, err)
		return
	}
	var errScan error
	scan := func(to ...any) {
		errScan = rows.Scan(to...)
		t.unescape(to)
	}
	for err == nil && rows.Next() {
		err = fn(scan)
		err = cmp.Or(errScan, err)
	}
	if err := cmp.Or(err, rows.Err(), rows.Close()); err != nil {
		t.Err = fmt.Errorf("%s: %w", query, err)
	}
}

// One reads the only row, if there is one.
func (t *Tx) One(to []any, query string, arguments ...any) (found bool) {
	t.Each(func(scan func(...any)) error {
		found = true
		scan(to...)
		return nil
	}, query, arguments...)
	return found && t.Err == nil
}
