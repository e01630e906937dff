package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

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
	if err := t.run(made, t.escaped(arguments)); err != nil {
		t.err = fmt.Errorf("%s: %w", query, err)
	}
}

// PostgreSQL has no text with NUL. It gets a character of the private use area instead, which
// is doubled where the text has it already.
var (
	escaper   = strings.NewReplacer("\uE000", "\uE000\uE000", "\x00", "\uE000.")
	unescaper = strings.NewReplacer("\uE000\uE000", "\uE000", "\uE000.", "\x00")
)

func (t *tx) escaped(arguments []any) []any {
	for i := range arguments {
		if text, ok := arguments[i].(string); ok && t.postgres && strings.ContainsAny(text, "\x00\uE000") {
			arguments[i] = escaper.Replace(text)
		}
	}
	return arguments
}

// unescape undoes escaped in what was read.
func (t *tx) unescape(to []any) {
	for i := range to {
		if v := reflect.ValueOf(to[i]).Elem(); t.postgres && v.Kind() == reflect.String && strings.Contains(v.String(), "\uE000") {
			v.SetString(unescaper.Replace(v.String()))
		}
	}
}

// each calls fn for every row, which scan reads. fn must not use the transaction, which
// PostgreSQL allows for one query at a time.
func (t *tx) each(fn func(scan func(...any)) error, query string, arguments ...any) {
	made := t.stmt(query)
	if made == nil {
		return
	}
	rows, err := t.query(made, t.escaped(arguments))
	if err != nil {
		t.err = fmt.Errorf("%s: %w", query, err)
		return
	}
	for err == nil && rows.Next() {
		var errScan error
		err = fn(func(to ...any) {
			errScan = rows.Scan(to...)
			t.unescape(to)
		})
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
