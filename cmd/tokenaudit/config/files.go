package config

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// NamedFile is a file that the configuration names, such as that of a team.
type NamedFile struct {
	// File is as written in the configuration, relative to Config.Dir.
	File   string
	Origin inventory.Origin
}

// TeamFile is a file that is kept by one team.
type TeamFile struct {
	NamedFile
	// Team is the one that the file is of; Parse leaves it empty.
	Team string
}

func named(files []TeamFile) []NamedFile {
	out := make([]NamedFile, len(files))
	for i, f := range files {
		out[i] = f.NamedFile
	}
	return out
}

var filesKeys = []string{"files"}

// files reads a section that is a mapping with the names of files in place of a list.
func (r *reader) files(n *yaml.Node, section, why string) []NamedFile {
	m, ok := r.mapping(n, section, filesKeys)
	if !ok {
		return nil
	}
	list := m.required("files", why)
	if list == nil {
		return nil
	}
	var files []NamedFile
	seen := map[string]bool{}
	for i, e := range r.filled(list, m.at("files")) {
		file := r.word(e, index(m.at("files"), i))
		if seen[file] && file != "" {
			r.fail(e, index(m.at("files"), i), "is in the list twice")
		}
		if seen[file] = true; file != "" {
			files = append(files, NamedFile{file, r.origin(e)})
		}
	}
	return files
}

// teamFiles reads a section that names the files of the teams in place of a list of what the
// section is called.
func (r *reader) teamFiles(n *yaml.Node, section string) []TeamFile {
	named := r.files(n, section, fmt.Sprintf("it lists the files of the teams; without files, %s is a list of %s", section, section))
	files := make([]TeamFile, len(named))
	for i, f := range named {
		files[i].NamedFile = f
	}
	return files
}

// path returns where a file of the configuration is, as seen from the working folder.
func (c *Config) path(file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(c.Dir, file)
}

// readFiles reads the files that a key names, and returns digest with their content.
func (c *Config) readFiles(ctx context.Context, files []NamedFile, key, digest string, read func(r *reader, root *yaml.Node, i int)) (string, error) {
	contents := []any{digest}
	var errs Errors
	for i, f := range files {
		path := c.path(f.File)
		data, err := readBounded(ctx, path, "the file", "the file does not exist")
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if err != nil {
			place := key
			if len(files) > 1 {
				place = index(key, i)
			}
			errs = append(errs, &Error{File: f.Origin.File, Line: f.Origin.Line, Key: place, Message: err.Error()})
			continue
		}
		r := newReader(path)
		if root := r.document(data); root != nil {
			read(r, root, i)
			contents = append(contents, r.canonical(root, 0))
			c.expiries = append(c.expiries, r.expiries...)
		}
		errs = append(errs, sortErrors(r.errs)...)
	}
	if len(errs) > 0 {
		return "", errs[:min(len(errs), maxErrors)]
	}
	if len(files) == 0 {
		return digest, nil
	}
	text, err := json.Marshal(contents)
	if err != nil {
		return "", fmt.Errorf("hash the files of %s: %w", key, err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// filesSchema is that of a section that names files.
func filesSchema(help string) object {
	return closed(object{"files": object{"type": "array", "minItems": 1, "uniqueItems": true, "items": object{"type": "string", "minLength": 1}, "description": help}}, "files")
}
