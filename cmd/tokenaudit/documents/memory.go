package documents

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/report/output"
)

// Document is an inventory in memory.
type Document struct {
	// Name is what errors call it.
	Name string
	Data []byte
}

// Load reads inventories into memory, each of at most limit bytes.
func (o Opener) Load(ctx context.Context, paths []string, limit int64) ([]Document, error) {
	var documents []Document
	seen := map[string]bool{}
	for _, path := range paths {
		if seen[path] {
			return nil, cli.Misuse(fmt.Errorf("%s is given twice", path))
		}
		seen[path] = true
		data, err := o.load(ctx, path, limit)
		if err != nil {
			return nil, err
		}
		documents = append(documents, Document{path, data})
	}
	return documents, nil
}

func (o Opener) load(ctx context.Context, path string, limit int64) (data []byte, err error) {
	in, name := o.In, "standard input"
	if path != output.Stdout {
		f, err := interruptible.Open(ctx, path)
		if err != nil {
			return nil, fmt.Errorf("inventory: %w", err)
		}
		defer f.Close() //nolint:errcheck // opened for reading only
		in, name = f, path
	}
	data, err = io.ReadAll(io.LimitReader(in, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = errors.New("it is too large to be sealed")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return data, nil
}

// InMemory are inventories that were loaded. They need not be closed.
func (o Opener) InMemory(documents []Document) Inventories {
	files := make(Inventories, len(documents))
	for i, d := range documents {
		in := bytes.NewReader(d.Data)
		files[i] = Inventory{opener: o, name: d.Name, in: in, again: in}
		if d.Name == output.Stdout {
			files[i].name = "standard input"
		}
	}
	return files
}
