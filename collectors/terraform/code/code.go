// Package code reads the Terraform code that a plan is of: on which line what is
// declared, and which credentials stand in it that a plan does not show. Nothing is
// computed, and no value is kept.
package code

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/terraform/masking"
	"github.com/tokenaudit/tokenaudit/collectors/terraform/tfaddress"
	"github.com/tokenaudit/tokenaudit/collectors/userfile"
)

const (
	// maxFile and maxFiles bound the code that is read, as does maxWeight.
	maxFile  = 8 << 20
	maxFiles = 5000
	// maxDepth bounds how deep JSON is nested.
	maxDepth = 256
	// maxModules bounds how deep modules are followed.
	maxModules = 32
	// MaxShownGaps is how many of the gaps a unit names.
	MaxShownGaps = 5
)

// UnitName names the unit of the code behind a plan, where its folder is named.
const UnitName = "code"

// Code has the lines of what a configuration declares.
type Code struct {
	// blocks maps the address of a block, without instance keys, to its line;
	// arguments that and the name of an argument.
	blocks    map[string]inventory.Origin
	arguments map[[2]string]inventory.Origin
	// Literals are credentials that stand in the code and that a plan does not
	// show: in locals, in templates, in comments.
	Literals []inventory.Literal
	found    map[[2]string]bool
	// gaps say what was not read, one line each.
	gaps []string
	// files and weight are how much was read.
	files, weight int
	// open are the folders that are being read, against modules that call each other.
	open []string
	// installed are the folders of the modules that `terraform init` has fetched, by
	// the names of the modules, joined by dots.
	installed map[string]string
	// shown turns the path of a file into the one that is reported.
	shown func(string) string
}

// Read reads the code in a folder and the modules that it calls. shown turns the
// path of a file, which begins with dir, into the one to report; nil keeps it. The
// error is that of dir, or of ctx.
func Read(ctx context.Context, dir string, shown func(string) string) (*Code, error) {
	if stat, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("read the Terraform code: %w", err)
	} else if !stat.IsDir() {
		return nil, fmt.Errorf("read the Terraform code: %s is not a folder", dir)
	}
	if shown == nil {
		shown = func(path string) string { return path }
	}
	c := &Code{
		blocks: map[string]inventory.Origin{}, arguments: map[[2]string]inventory.Origin{},
		found: map[[2]string]bool{}, shown: shown,
	}
	c.findInstalled(dir)
	c.module(ctx, "", dir)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// Unit says whether all of the code was read.
func (c *Code) Unit() inventory.Unit {
	slices.Sort(c.gaps)
	gaps := slices.Compact(c.gaps)
	if len(gaps) == 0 {
		return inventory.CompleteUnit(UnitName)
	}
	detail := strings.Join(gaps[:min(len(gaps), MaxShownGaps)], "; ")
	if more := len(gaps) - MaxShownGaps; more > 0 {
		detail += fmt.Sprintf("; and %d more", more)
	}
	return inventory.PartialUnit(UnitName, inventory.ErrUnreadable, detail,
		"Name a folder whose code can be read completely, with the modules that terraform init puts there, or accept the gap.")
}

// module reads the files of a folder, and the modules that they call.
func (c *Code) module(ctx context.Context, address, dir string) {
	if slices.Contains(c.open, dir) || len(c.open) >= maxModules {
		c.gap("%s: the modules call each other in a loop", c.shown(dir))
		return
	}
	c.open = append(c.open, dir)
	defer func() { c.open = c.open[:len(c.open)-1] }()
	entries, err := os.ReadDir(dir)
	if err != nil {
		c.gap("%s: %s", c.shown(dir), userfile.Reason(err))
		return
	}
	for _, entry := range entries {
		name := entry.Name()
		asJSON := hasSuffix(name, ".tf.json", ".tofu.json")
		if entry.IsDir() || !asJSON && !hasSuffix(name, ".tf", ".tofu") {
			continue
		}
		if ctx.Err() != nil {
			return
		}
		if c.files++; c.files > maxFiles {
			c.gap("%s: there are more than %d files", c.shown(dir), maxFiles)
			return
		}
		for _, b := range c.read(filepath.Join(dir, name), asJSON) {
			c.block(ctx, address, dir, b)
		}
	}
}

func hasSuffix(name string, suffixes ...string) bool {
	return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
}

func (c *Code) gap(format string, args ...any) {
	c.gaps = append(c.gaps, fmt.Sprintf(format, args...))
}

// read reads the blocks of one file, as far as it goes. What of it is in no block is
// looked at, too.
func (c *Code) read(path string, asJSON bool) []block {
	text, err := userfile.Read(path, maxFile)
	if err != nil {
		c.gap("%s: %s", c.shown(path), userfile.Reason(err))
		return nil
	}
	blocks, problem := c.parse(text, path, asJSON)
	if problem != "" {
		c.gap("%s: %s", c.shown(path), problem)
	}
	c.searchText(path, text, blocks)
	return blocks
}

func (c *Code) parse(text []byte, path string, asJSON bool) (blocks []block, problem string) {
	weight := weigh(text)
	if weight > maxWeight || c.weight+weight > maxAllWeight {
		return nil, fmt.Sprintf("is too large: at most %d words and signs are read of a file, and %d in total", maxWeight, maxAllWeight)
	}
	c.weight += weight
	if asJSON {
		return parseJSON(text, path)
	}
	return parseNative(text, path)
}

// block remembers where a block and its arguments stand, and looks for credentials
// in them. Of a block that an override file has again the first one counts.
func (c *Code) block(ctx context.Context, address, dir string, b block) {
	if b.kind == "locals" {
		for _, a := range b.arguments {
			at := tfaddress.Within(address, "local."+a.name)
			c.remember(at, "", c.line(b, a.line))
			c.search(at, "value", b, a)
		}
		return
	}
	at := tfaddress.Within(address, b.address())
	c.remember(at, "", c.line(b, b.line))
	for _, a := range b.arguments {
		c.remember(at, tfaddress.FirstName(a.name), c.line(b, a.line))
		c.search(at, a.name, b, a)
	}
	if b.kind == "module" {
		c.call(ctx, at, dir, b)
	}
}

func (c *Code) remember(address, argument string, origin inventory.Origin) {
	if argument == "" {
		if _, there := c.blocks[address]; !there {
			c.blocks[address] = origin
		}
		return
	}
	key := [2]string{address, argument}
	if _, there := c.arguments[key]; !there {
		c.arguments[key] = origin
	}
}

func (c *Code) line(b block, line int) inventory.Origin {
	return inventory.Origin{File: filepath.ToSlash(c.shown(b.file)), Line: line}
}

// call follows a module call into the folder of its code.
func (c *Code) call(ctx context.Context, address, dir string, b block) {
	source := b.constant("source")
	if strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../") || source == "." || source == ".." {
		c.module(ctx, address, filepath.Join(dir, filepath.FromSlash(source)))
		return
	}
	if folder, ok := c.installed[moduleKey(address)]; ok {
		c.module(ctx, address, folder)
		return
	}
	// The source is not shown: that of a repository may hold a credential.
	c.gap("%s: its code is not in the folder, where terraform init puts it", masking.Cut(masking.Mask(address)))
}

// At returns the line of a block, else of the nearest module block around it, else
// of nothing.
func (c *Code) At(address, argument string) (inventory.Origin, bool) {
	if argument != "" {
		if origin, ok := c.arguments[[2]string{address, argument}]; ok {
			return origin, true
		}
	}
	for address != "" {
		if origin, ok := c.blocks[address]; ok {
			return origin, true
		}
		steps := tfaddress.Steps(address)
		if len(steps) == 0 {
			return inventory.Origin{}, false
		}
		last := steps[len(steps)-1]
		outer := tfaddress.Within(last.Before, "module."+last.Name)
		if outer == address {
			outer = last.Before
		}
		address = outer
	}
	return inventory.Origin{}, false
}
