package terraform

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/userfile"
)

const (
	// maxFile and maxFiles bound the code that is read.
	maxFile  = 8 << 20
	maxFiles = 5000
	// maxModules bounds how deep modules are followed.
	maxModules = 32
)

// code finds the lines of what a configuration declares.
type code struct {
	// blocks maps the address of a block, without instance keys, to its line;
	// arguments that and the name of an argument.
	blocks    map[string]inventory.Origin
	arguments map[[2]string]inventory.Origin
	// literals are credentials that stand in the code and that a plan does not
	// show: in locals, in templates.
	literals []inventory.Literal
	warnings []string
	parser   *hclparse.Parser
	files    int
	// open are the folders that are being read, against modules that call each other.
	open []string
	// shown turns the path of a file into the one that is reported.
	shown func(string) string
}

// Locate reads the code in a folder, so that tokens and literals get the line
// that declares them, and looks for credentials in what a plan does not show.
// Modules in local folders are followed; what is declared in another one gets
// the line of the module block. shown turns the path of a file, which begins
// with dir, into the one to report; nil keeps it. The warnings say what could
// not be read, one line each.
func (p *Plan) Locate(dir string, shown func(string) string) (warnings []string, err error) {
	if stat, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("read the Terraform code: %w", err)
	} else if !stat.IsDir() {
		return nil, fmt.Errorf("read the Terraform code: %s is not a folder", dir)
	}
	if shown == nil {
		shown = func(path string) string { return path }
	}
	c := &code{
		blocks: map[string]inventory.Origin{}, arguments: map[[2]string]inventory.Origin{},
		parser: hclparse.NewParser(), shown: shown,
	}
	if err := c.module("", dir); err != nil {
		return nil, err
	}
	p.code = c
	p.literals = joinLiterals(p.literals, c.literals)
	slices.Sort(c.warnings)
	return slices.Compact(c.warnings), nil
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
func (c *code) module(address, dir string) error {
	if slices.Contains(c.open, dir) || len(c.open) >= maxModules {
		c.warn("%s: the modules call each other without end", c.shown(dir))
		return nil
	}
	c.open = append(c.open, dir)
	defer func() { c.open = c.open[:len(c.open)-1] }()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("read the Terraform code: %w", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		asJSON := hasSuffix(name, ".tf.json", ".tofu.json")
		if entry.IsDir() || !asJSON && !hasSuffix(name, ".tf", ".tofu") {
			continue
		}
		if c.files++; c.files > maxFiles {
			return fmt.Errorf("read the Terraform code: there are more than %d files", maxFiles)
		}
		c.file(address, dir, filepath.Join(dir, name), asJSON)
	}
	return nil
}

func hasSuffix(name string, suffixes ...string) bool {
	return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
}

func (c *code) warn(format string, args ...any) {
	c.warnings = append(c.warnings, fmt.Sprintf(format, args...))
}

// file reads the blocks of one file. One that cannot be parsed is read as far
// as it goes.
func (c *code) file(address, dir, path string, asJSON bool) {
	text, err := userfile.Read(path, maxFile)
	if err != nil {
		c.warn("%s: %s", c.shown(path), userfile.Reason(err))
		return
	}
	parse := c.parser.ParseHCL
	if asJSON {
		parse = c.parser.ParseJSON
	}
	file, problems := parse(text, path)
	if problems.HasErrors() {
		c.warn("%s: it cannot be parsed whole, so lines may be missing", c.shown(path))
	}
	if file == nil || file.Body == nil {
		return
	}
	content, _, _ := file.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		{Type: "resource", LabelNames: []string{"type", "name"}},
		{Type: "data", LabelNames: []string{"type", "name"}},
		{Type: "provider", LabelNames: []string{"name"}},
		{Type: "variable", LabelNames: []string{"name"}},
		{Type: "module", LabelNames: []string{"name"}},
		{Type: "locals"},
	}})
	if content == nil {
		return
	}
	for _, block := range content.Blocks {
		c.block(address, dir, block)
	}
}

// block remembers where a block and its arguments stand.
func (c *code) block(address, dir string, block *hcl.Block) {
	attributes, _ := block.Body.JustAttributes()
	name := block.Type + "." + strings.Join(block.Labels, ".")
	switch block.Type {
	case "resource":
		name = strings.Join(block.Labels, ".")
	case "variable":
		name = "var." + block.Labels[0]
	case "provider":
		if alias, ok := attributes["alias"]; ok {
			if v, problems := alias.Expr.Value(nil); !problems.HasErrors() && isText(v) {
				name += "." + v.AsString()
			}
		}
	case "locals":
		for _, local := range attributes {
			c.blocks[within(address, "local."+local.Name)] = c.line(local.Range)
			c.search(within(address, "local."+local.Name), "value", local)
		}
		return
	}
	at := within(address, name)
	if _, taken := c.blocks[at]; taken {
		return // an override file; the first one declares it
	}
	c.blocks[at] = c.line(block.DefRange)
	for _, a := range attributes {
		c.arguments[[2]string{at, a.Name}] = c.line(a.Range)
		c.search(at, a.Name, a)
	}
	c.nested(at, "", block)
	if block.Type == "module" {
		c.call(at, dir, attributes["source"])
	}
}

// call follows a module call into a local folder.
func (c *code) call(address, dir string, source *hcl.Attribute) {
	if source == nil {
		return
	}
	v, problems := source.Expr.Value(nil)
	if problems.HasErrors() || !isText(v) {
		return
	}
	path := v.AsString()
	if !strings.HasPrefix(path, "./") && !strings.HasPrefix(path, "../") && path != "." && path != ".." {
		return
	}
	if err := c.module(address, filepath.Join(dir, filepath.FromSlash(path))); err != nil {
		c.warn("%s", userfile.Reason(err))
	}
}

func (c *code) line(r hcl.Range) inventory.Origin {
	return inventory.Origin{File: filepath.ToSlash(c.shown(r.Filename)), Line: r.Start.Line}
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
		steps := moduleSteps(address)
		if len(steps) == 0 {
			return inventory.Origin{}, false
		}
		last := steps[len(steps)-1]
		outer := within(last.before, "module."+last.name)
		if outer == address {
			outer = last.before
		}
		address = outer
	}
	return inventory.Origin{}, false
}

// origin is where a resource is declared: the line, where the code was read,
// else the plan's own file.
func (p *Plan) origin(c change) inventory.Origin {
	return p.place(within(withoutKeys(c.module), c.kind+"."+c.name), "")
}

func (p *Plan) literalOrigin(l inventory.Literal) inventory.Origin {
	if l.Origin != (inventory.Origin{}) {
		return l.Origin
	}
	return p.place(withoutKeys(l.Address), firstName(l.Attribute))
}

func (p *Plan) place(address, argument string) inventory.Origin {
	if p.code != nil {
		if origin, ok := p.code.at(address, argument); ok {
			return origin
		}
	}
	return inventory.Origin{File: p.File}
}

// withoutKeys drops the instance keys of the modules from an address.
func withoutKeys(address string) string {
	plain := ""
	for _, step := range moduleSteps(address) {
		plain = within(plain, "module."+step.name)
	}
	if rest := withoutModules(address); rest != "" {
		return within(plain, rest)
	}
	return plain
}

// withoutModules gives what follows the modules in an address.
func withoutModules(address string) string {
	steps := moduleSteps(address)
	if len(steps) == 0 {
		return address
	}
	rest := strings.TrimPrefix(address[len(steps[len(steps)-1].before):], ".")
	rest = strings.TrimPrefix(rest, "module.")
	return strings.TrimPrefix(rest[segmentEnd(rest):], ".")
}
