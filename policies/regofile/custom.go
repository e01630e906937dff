package regofile

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"

	"github.com/tokenaudit/tokenaudit/collectors/userfile"
)

// What custom rules may amount to: far more than anybody writes, far less than
// what fills a machine.
const (
	maxModuleBytes = 1 << 20
	maxModules     = 1000
	maxBundleBytes = 64 << 20 // unpacked
)

// CustomFiles are what the user's paths hold.
type CustomFiles struct {
	// Modules are sorted by path.
	Modules []Module
	// data is the base document of the bundles, below "custom"; nil for none.
	data map[string]any
	// seen has the files by their paths, links followed.
	seen map[string]bool
	// met counts the files that were come across, be it again.
	met int
	// now is told what is being read.
	now *Place
}

// ReadCustom reads files, folders and bundles (.tar.gz). The error is LoadErrors; each
// names the path.
func ReadCustom(paths []string, now *Place) (*CustomFiles, error) {
	c := &CustomFiles{seen: map[string]bool{}, now: now}
	if err := c.readAll(paths); err != nil {
		return nil, asLoadErrors(err)
	}
	slices.SortFunc(c.Modules, func(a, b Module) int { return strings.Compare(a.Path, b.Path) })
	return c, nil
}

// NewCustom makes custom files of modules and of the base document that stands below
// "custom", nil for none, which were read already. The error is LoadErrors.
func NewCustom(modules []Module, document map[string]any) (*CustomFiles, error) {
	c := &CustomFiles{seen: map[string]bool{}}
	for _, m := range modules {
		// Nothing on disk has anything to do with the path.
		if c.seen[m.Path] {
			return nil, LoadErrors{{File: m.Path, Detail: "the file is given twice"}}
		}
		c.seen[m.Path] = true
		if err := c.append(m.Path, m.Text); err != nil {
			return nil, asLoadErrors(err)
		}
	}
	if err := c.takeData("the base document", document); err != nil {
		return nil, asLoadErrors(err)
	}
	return c, nil
}

func (c *CustomFiles) readAll(paths []string) error {
	read := map[string]bool{}
	for _, path := range paths {
		if path == "" {
			return &LoadError{Detail: "the path of the custom rules is empty"}
		}
		if read[identity(path)] {
			continue
		}
		read[identity(path)] = true
		before := c.met
		if err := c.read(filepath.Clean(path)); err != nil {
			return err
		}
		if c.met == before {
			return &LoadError{File: path, Detail: "it holds no Rego files"}
		}
	}
	return nil
}

func (c *CustomFiles) read(path string) error {
	c.now.Is(path)
	stat, err := os.Stat(path)
	switch {
	case err != nil:
		return &LoadError{File: path, Detail: "read custom rules: " + reasonOf(err)}
	case stat.IsDir():
		return c.folder(path)
	case isBundle(path):
		return c.bundle(path)
	case filepath.Ext(path) != ".rego":
		return &LoadError{File: path, Detail: "custom rules are .rego files, folders of them, or bundles (.tar.gz)"}
	}
	return c.file(path)
}

// identity is a path with its links followed, or as it is where there is no such
// file, as for one in a bundle.
func identity(path string) string {
	if file, err := filepath.EvalSymlinks(path); err == nil {
		return file
	}
	return filepath.Clean(path)
}

// reasonOf leaves the path out of a file error, because a LoadError has it.
func reasonOf(err error) string {
	return userfile.Reason(err).Error()
}

func isBundle(path string) bool {
	return strings.HasSuffix(path, ".tar.gz") || strings.HasSuffix(path, ".tgz")
}

// folder reads the Rego files of a folder, below it as well, but none in hidden
// folders such as .git.
func (c *CustomFiles) folder(root string) error {
	folder, err := os.OpenRoot(root)
	if err != nil {
		return &LoadError{File: root, Detail: "read custom rules: " + reasonOf(err)}
	}
	defer folder.Close() //nolint:errcheck // it was only read
	return fs.WalkDir(folder.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		path := filepath.Join(root, name)
		switch {
		case err != nil:
			return &LoadError{File: path, Detail: "read custom rules: " + reasonOf(err)}
		case entry.IsDir() && name != "." && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case entry.IsDir() || filepath.Ext(name) != ".rego":
			return nil
		}
		text, err := userfile.ReadIn(folder, name, maxModuleBytes)
		return c.take(path, text, err)
	})
}

func (c *CustomFiles) file(path string) error {
	text, err := userfile.Read(path, maxModuleBytes)
	return c.take(path, text, err)
}

// take adds what was read of a file, or says why nothing was.
func (c *CustomFiles) take(path string, text []byte, err error) error {
	if err != nil {
		return &LoadError{File: path, Detail: "read custom rules: " + reasonOf(err)}
	}
	return c.add(path, text)
}

// add takes a module once, however many paths lead to it.
func (c *CustomFiles) add(path string, text []byte) error {
	c.met++
	if c.seen[identity(path)] {
		return nil
	}
	c.seen[identity(path)] = true
	return c.append(path, text)
}

// append adds a module.
func (c *CustomFiles) append(path string, text []byte) error {
	if len(text) > maxModuleBytes {
		return &LoadError{File: path, Detail: fmt.Sprintf("a Rego file may have at most %d bytes", maxModuleBytes)}
	}
	if len(c.Modules) >= maxModules {
		return &LoadError{File: path, Detail: fmt.Sprintf("there are more than %d custom Rego files", maxModules)}
	}
	c.Modules = append(c.Modules, Module{Path: filepath.ToSlash(path), Text: text})
	return nil
}

// bundle reads an OPA bundle. A bundle that is signed is refused: nothing here
// holds a key to check it with, and an unchecked signature is worse than none.
func (c *CustomFiles) bundle(path string) error {
	unpacked, err := unpack(path)
	if err != nil {
		return &LoadError{File: path, Detail: "read the bundle: " + reasonOf(err)}
	}
	b, err := bundle.NewCustomReader(bundle.NewTarballLoader(unpacked)).
		WithSizeLimitBytes(maxBundleBytes).
		WithRegoVersion(ast.RegoV1).
		WithLazyLoadingMode(false).
		WithProcessAnnotations(true).
		WithCapabilities(SandboxForTests()).
		WithBundleName(filepath.ToSlash(path)).
		Read()
	if err != nil {
		return bundleErrors(path, err)
	}
	if len(b.WasmModules) > 0 || len(b.PlanModules) > 0 || len(b.Patch.Data) > 0 {
		return &LoadError{File: path, Detail: "the bundle has Wasm, a plan or a patch; only Rego and data are read"}
	}
	for _, m := range b.Modules {
		if err := c.add(path+"/"+strings.TrimPrefix(m.RelativePath, "/"), m.Raw); err != nil {
			return err
		}
	}
	return c.takeData(path, b.Data)
}

// bundleErrors are what OPA says of a bundle that it cannot read. It names files
// by their paths in the bundle, and asks for a key where the bundle is signed.
func bundleErrors(path string, err error) error {
	if strings.Contains(err.Error(), "verification key not provided") {
		return &LoadError{File: path, Detail: "the bundle is signed, and there is no key to verify it: use an unsigned bundle"}
	}
	// A bundle may hold anything: none of its lines is quoted.
	if single, ok := errors.AsType[*ast.Error](err); ok {
		single.Details = nil
	}
	if several, ok := errors.AsType[ast.Errors](err); ok {
		for _, e := range several {
			e.Details = nil
		}
	}
	var f Faults
	f.OPA(err)
	for _, e := range f.List {
		if e.File == "" {
			e.File = path
		} else {
			e.File = path + "/" + strings.TrimPrefix(e.File, "/")
		}
	}
	return f.Err()
}

// unpack bounds a bundle, and what it unpacks to, before anything reads it.
func unpack(path string) (io.Reader, error) {
	packed, err := userfile.Read(path, maxBundleBytes)
	if err != nil {
		return nil, err
	}
	stream, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	n, err := io.Copy(io.Discard, io.LimitReader(stream, maxBundleBytes+1))
	if err != nil {
		return nil, err
	}
	if n > maxBundleBytes {
		return nil, fmt.Errorf("it unpacks to more than %d bytes", maxBundleBytes)
	}
	return bytes.NewReader(packed), nil
}

// takeData keeps a bundle's data, which must stand below "custom" and not clash.
func (c *CustomFiles) takeData(path string, data map[string]any) error {
	for _, root := range slices.Sorted(maps.Keys(data)) {
		table, isTable := data[root].(map[string]any)
		if root != "custom" || !isTable {
			return &LoadError{File: path, Detail: fmt.Sprintf("the bundle has data outside custom: %s", root)}
		}
		for _, key := range slices.Sorted(maps.Keys(table)) {
			if key == "rules" || key == "lib" {
				return &LoadError{File: path, Detail: fmt.Sprintf("the bundle has data in the place of rules: custom.%s", key)}
			}
			if c.data == nil {
				c.data = map[string]any{}
			}
			if _, taken := c.data[key]; taken {
				return &LoadError{File: path, Detail: fmt.Sprintf("data.custom.%s comes from two bundles", key)}
			}
			c.data[key] = table[key]
		}
	}
	return nil
}

// Document is the base document of the custom rules.
func (c *CustomFiles) Document() map[string]any {
	if c.data == nil {
		return nil
	}
	return map[string]any{"custom": c.data}
}
