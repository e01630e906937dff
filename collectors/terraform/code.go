package terraform

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/terraform/tfaddress"
	"github.com/tokenaudit/tokenaudit/collectors/userfile"
)

const (
	// maxFile and maxFiles bound the code that is read, as does maxWeight.
	maxFile  = 8 << 20
	maxFiles = 5000
	// maxModules bounds how deep modules are followed.
	maxModules = 32
	// maxShownGaps is how many of the gaps a unit names.
	maxShownGaps = 5
)

// unitCode is the code behind a plan, where its folder is named.
const unitCode = "code"

// code finds the lines of what a configuration declares.
type code struct {
	// blocks maps the address of a block, without instance keys, to its line;
	// arguments that and the name of an argument.
	blocks    map[string]inventory.Origin
	arguments map[[2]string]inventory.Origin
	// literals are credentials that stand in the code and that a plan does not
	// show: in locals, in templates, in comments.
	literals []inventory.Literal
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

// Locate reads the code in a folder, so that tokens and literals get the line
// that declares them, and looks for credentials in what a plan does not show.
// Modules in local folders are followed, and those that `terraform init` has put
// below the folder; what is declared in another one gets the line of the module
// block. shown turns the path of a file, which begins with dir, into the one to
// report; nil keeps it. What could not be read makes the unit "code" of the plan's
// source a partial one. The error is that of dir, or of ctx.
func (p *Plan) Locate(ctx context.Context, dir string, shown func(string) string) error {
	if stat, err := os.Stat(dir); err != nil {
		return fmt.Errorf("read the Terraform code: %w", err)
	} else if !stat.IsDir() {
		return fmt.Errorf("read the Terraform code: %s is not a folder", dir)
	}
	if shown == nil {
		shown = func(path string) string { return path }
	}
	c := &code{
		blocks: map[string]inventory.Origin{}, arguments: map[[2]string]inventory.Origin{},
		found: map[[2]string]bool{}, shown: shown,
	}
	c.findInstalled(dir)
	c.module(ctx, "", dir)
	if err := ctx.Err(); err != nil {
		return err
	}
	p.code = c
	p.literals = joinLiterals(p.literals, c.literals)
	p.units = append(p.units, c.unit())
	return nil
}

// unit says whether all of the code was read.
func (c *code) unit() inventory.Unit {
	slices.Sort(c.gaps)
	gaps := slices.Compact(c.gaps)
	if len(gaps) == 0 {
		return inventory.CompleteUnit(unitCode)
	}
	detail := strings.Join(gaps[:min(len(gaps), maxShownGaps)], "; ")
	if more := len(gaps) - maxShownGaps; more > 0 {
		detail += fmt.Sprintf("; and %d more", more)
	}
	return inventory.PartialUnit(unitCode, inventory.ErrUnreadable, detail,
		"Name a folder whose code can be read whole, with the modules that terraform init puts there, or accept the gap.")
}

// joinLiterals adds the literals of the code that the plan does not show
// already: a plan tells the same ones more exactly.
func joinLiterals(plan, code []inventory.Literal) []inventory.Literal {
	told := map[[2]string]bool{}
	for _, l := range plan {
		told[[2]string{l.Address, firstName(l.Attribute)}] = true
	}
	for _, l := range code {
		if !told[[2]string{l.Address, firstName(l.Attribute)}] {
			plan = append(plan, l)
		}
	}
	return plan
}

// firstName is the argument that a path begins with: of headers.X[0], headers.
func firstName(path string) string {
	if i := strings.IndexAny(path, ".["); i >= 0 {
		return path[:i]
	}
	return path
}

// module reads the files of a folder, and the modules that they call.
func (c *code) module(ctx context.Context, address, dir string) {
	if slices.Contains(c.open, dir) || len(c.open) >= maxModules {
		c.gap("%s: the modules call each other without end", c.shown(dir))
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

func (c *code) gap(format string, args ...any) {
	c.gaps = append(c.gaps, fmt.Sprintf(format, args...))
}

// read reads the blocks of one file, as far as it goes. What of it is in no block is
// looked at, too.
func (c *code) read(path string, asJSON bool) []codeBlock {
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

func (c *code) parse(text []byte, path string, asJSON bool) (blocks []codeBlock, problem string) {
	weight := weigh(text)
	if weight > maxWeight || c.weight+weight > maxAllWeight {
		return nil, fmt.Sprintf("has more words and signs than are read: %d in a file, %d in all", maxWeight, maxAllWeight)
	}
	c.weight += weight
	if asJSON {
		return parseJSON(text, path)
	}
	return parseNative(text, path)
}

// block remembers where a block and its arguments stand, and looks for credentials
// in them. Of a block that an override file has again the first one counts.
func (c *code) block(ctx context.Context, address, dir string, b codeBlock) {
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
		c.remember(at, firstName(a.name), c.line(b, a.line))
		c.search(at, a.name, b, a)
	}
	if b.kind == "module" {
		c.call(ctx, at, dir, b)
	}
}

func (c *code) remember(address, argument string, origin inventory.Origin) {
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

func (c *code) line(b codeBlock, line int) inventory.Origin {
	return inventory.Origin{File: filepath.ToSlash(c.shown(b.file)), Line: line}
}

// call follows a module call into the folder of its code.
func (c *code) call(ctx context.Context, address, dir string, b codeBlock) {
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
	c.gap("%s: its code is not in the folder, where terraform init puts it", cut(masked(address)))
}

// at gives the line of a block, else of the nearest module block around it, else
// of nothing.
func (c *code) at(address, argument string) (inventory.Origin, bool) {
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

// origin is where a resource is declared: the line, where the code was read,
// else the plan's own file.
func (p *Plan) origin(c change) inventory.Origin {
	return p.place(tfaddress.Within(tfaddress.WithoutKeys(c.module), c.kind+"."+c.name), "")
}

func (p *Plan) literalOrigin(l inventory.Literal) inventory.Origin {
	if l.Origin != (inventory.Origin{}) {
		return l.Origin
	}
	return p.place(tfaddress.WithoutKeys(l.Address), firstName(l.Attribute))
}

func (p *Plan) place(address, argument string) inventory.Origin {
	if p.code != nil {
		if origin, ok := p.code.at(address, argument); ok {
			return origin
		}
	}
	return inventory.Origin{File: p.File}
}
