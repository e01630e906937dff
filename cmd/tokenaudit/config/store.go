package config

import (
	"context"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/redact"
)

// Store says where the history of runs is kept. Its zero value is nowhere.
type Store struct {
	// File is the path of a file of SQLite, relative to the folder of the configuration.
	File string
	// Postgres: it is a database, of which [Config.StorePlace] reads the connection string.
	Postgres bool
}

var storeKeys = []string{"postgres"}

// storeOption stands for the connection string in messages.
var storeOption = collectors.Option{Key: "postgres"}

func (r *reader) store(n *yaml.Node) Store {
	if r.follow(n).Kind == yaml.ScalarNode {
		file := r.word(n, "store")
		if redact.ConnectionString(file) {
			r.fail(n, "store", "looks like a connection string, which may hold a password: write store: {postgres: {env: NAME}}, and set that environment variable")
			return Store{}
		}
		return Store{File: file}
	}
	m, ok := r.mapping(n, "store", storeKeys)
	if !ok {
		return Store{}
	}
	if p := m.required("postgres", "it says where the connection string comes from"); p != nil {
		if ref, ok := r.secret(p, m.at("postgres"), "store", storeOption); ok {
			r.database = &ref
			return Store{Postgres: true}
		}
	}
	return Store{}
}

func storeSchema() object {
	return object{"description": "Where the history of runs is kept.", "anyOf": []any{
		object{"type": "string", "minLength": 1, "description": "A file of SQLite."},
		closed(object{"postgres": object{"$ref": "#/$defs/secret", "description": "The connection string of a PostgreSQL database."}}, "postgres"),
	}}
}

// StorePlace returns the file of the store, or else the connection string of its database,
// which may hold a password. Both are empty where the configuration has no store.
func (c *Config) StorePlace(ctx context.Context, env Environment) (file, postgres string, err error) {
	ref := c.database
	switch {
	case c.Store.File != "" && filepath.IsAbs(c.Store.File):
		return c.Store.File, "", nil
	case c.Store.File != "":
		return filepath.Join(c.Dir, c.Store.File), "", nil
	case ref == nil:
		return "", "", nil
	}
	if postgres, err = ref.resolve(ctx, env, c.Dir); err != nil {
		return "", "", &Error{File: c.File, Line: ref.line, Key: ref.path, Message: err.Error()}
	}
	return "", postgres, nil
}
