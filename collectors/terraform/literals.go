package terraform

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/terraform/masking"
	"github.com/tokenaudit/tokenaudit/collectors/terraform/tfaddress"
)

// The CMSes that have providers.
const (
	cmsContentful   = "contentful"
	cmsContentstack = "contentstack"
	cmsDatoCMS      = "datocms"
)

// credentialArguments are the arguments of provider blocks that take a
// credential, by the type of the provider.
func credentialArguments(provider string) []string {
	return map[string][]string{
		cmsContentful:   {"cma_token", "access_token"},
		cmsContentstack: {"management_token", "auth_token", "authtoken"},
		cmsDatoCMS:      {"api_token", "api_tokens"},
	}[provider]
}

// secretArguments are the arguments of the resources of CMSes that hold a
// secret whatever it looks like. A path has no indexes.
func secretArguments(kind string) []string {
	return map[string][]string{
		"contentful_app_signing_secret": {"value"},
		"contentful_webhook":            {"http_basic_auth_password", "http_basic_password"},
		"contentstack_webhook":          {"destination.http_basic_password"},
		"datocms_webhook":               {"http_basic_password"},
	}[kind]
}

var (
	// headerValue is a value that only a header with a credential has.
	headerValue = regexp.MustCompile(`(?i)\b(bearer|basic|token) +[A-Za-z0-9+/=._-]{8,}|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.`)
	// headerName is the name of a header that carries a credential.
	headerName = regexp.MustCompile(`(?i)^(proxy-)?authori[sz]ation$|auth[-_]?token|access[-_]?token|api[-_]?key|api[-_]?token|management[-_]?token|secret|password`)
)

// providerOf returns the CMS that a type of resource belongs to; empty for others.
func providerOf(kind string) string {
	head, _, _ := strings.Cut(kind, "_")
	if len(credentialArguments(head)) > 0 {
		return head
	}
	return ""
}

// literalSearch finds the credentials among the constants of a configuration.
type literalSearch struct {
	root  *tfjson.ConfigModule
	found map[[2]string]inventory.Literal
	// marked are the variables, by module and name, through which a credential
	// was followed.
	marked map[[2]string]bool
}

// findLiterals returns the literals, sorted by address and attribute.
func findLiterals(c *tfjson.Config) []inventory.Literal {
	s := literalSearch{root: c.RootModule, found: map[[2]string]inventory.Literal{}, marked: map[[2]string]bool{}}
	for _, key := range slices.Sorted(maps.Keys(c.ProviderConfigs)) {
		if p := c.ProviderConfigs[key]; p != nil {
			s.provider(p)
		}
	}
	s.module("", c.RootModule)
	var literals []inventory.Literal
	for _, key := range slices.SortedFunc(maps.Keys(s.found), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		literals = append(literals, s.found[key])
	}
	return literals
}

func (s *literalSearch) add(address, attribute string, place inventory.LiteralPlace, cms string) {
	key := [2]string{masking.Cut(masking.Mask(address)), masking.Cut(masking.Mask(attribute))}
	if _, there := s.found[key]; !there {
		s.found[key] = inventory.Literal{Address: key[0], Attribute: key[1], Place: place, CMS: cms}
	}
}

// provider looks at a provider block.
func (s *literalSearch) provider(p *tfjson.ProviderConfig) {
	kind := p.Name
	if p.FullName != "" {
		kind = p.FullName[strings.LastIndex(p.FullName, "/")+1:]
	}
	address := tfaddress.Within(p.ModuleAddress, "provider."+p.Name)
	if p.Alias != "" {
		address += "." + p.Alias
	}
	for _, name := range slices.Sorted(maps.Keys(p.Expressions)) {
		e := p.Expressions[name]
		if slices.Contains(credentialArguments(kind), name) {
			each(e, func(c constant) {
				if c.text != "" {
					s.add(address, name, inventory.LiteralProvider, kind)
				}
			})
			s.follow(references(e), p.ModuleAddress, kind, maxHops)
			continue
		}
		s.argument(address, name, kind, providerOf(kind+"_"), inventory.LiteralProvider, e)
	}
}

// module looks at the variables, resources and calls of a module and of those
// below it. address has no instance keys.
func (s *literalSearch) module(address string, m *tfjson.ConfigModule) {
	for name, v := range m.Variables {
		if v == nil {
			continue
		}
		eachConstant(v.Default, "", func(c constant) {
			if cms, ok := masking.CredentialOf(c.text); ok {
				s.add(tfaddress.Within(address, "var."+name), "default", inventory.LiteralVariable, cms)
			}
		})
	}
	for name, o := range m.Outputs {
		if o != nil {
			s.argument(tfaddress.Within(address, "output."+name), "value", "", "", inventory.LiteralResource, o.Expression)
		}
	}
	for _, r := range m.Resources {
		if r != nil {
			s.resource(address, r)
		}
	}
	for name, call := range m.ModuleCalls {
		if call == nil {
			continue
		}
		below := tfaddress.Within(address, "module."+name)
		for _, argument := range slices.Sorted(maps.Keys(call.Expressions)) {
			s.argument(below, argument, "", "", inventory.LiteralResource, call.Expressions[argument])
		}
		s.argument(below, "count", "", "", inventory.LiteralResource, call.CountExpression)
		s.argument(below, "for_each", "", "", inventory.LiteralResource, call.ForEachExpression)
		if call.Module != nil {
			s.module(below, call.Module)
		}
	}
}

// resource looks at a resource or a data source, and at its provisioners.
func (s *literalSearch) resource(address string, r *tfjson.ConfigResource) {
	at := tfaddress.Within(address, r.Type+"."+r.Name)
	if r.Mode == tfjson.DataResourceMode {
		at = tfaddress.Within(address, "data."+r.Type+"."+r.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Expressions)) {
		s.argument(at, name, r.Type, providerOf(r.Type), inventory.LiteralResource, r.Expressions[name])
	}
	s.argument(at, "count", "", "", inventory.LiteralResource, r.CountExpression)
	s.argument(at, "for_each", "", "", inventory.LiteralResource, r.ForEachExpression)
	for _, p := range r.Provisioners {
		if p == nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(p.Expressions)) {
			s.argument(at, "provisioner."+name, "", "", inventory.LiteralResource, p.Expressions[name])
		}
	}
}

// argument looks at one argument of a block of a type. cms is the one whose
// provider the type is of; empty for others.
func (s *literalSearch) argument(address, name, kind, cms string, place inventory.LiteralPlace, e *tfjson.Expression) {
	each(e, func(c constant) {
		path := name + c.path
		header := strings.Contains(strings.ToLower(path), "header")
		if owner, ok := masking.CredentialOf(c.text); ok {
			at := place
			if header {
				at = inventory.LiteralHeader
			}
			s.add(address, path, at, owner)
			return
		}
		switch {
		case cms == "" || c.text == "":
		case header && (headerName.MatchString(c.header) || headerValue.MatchString(c.text)):
			// Where such a header goes to is not known, so neither is what it opens.
			s.add(address, path, inventory.LiteralHeader, "")
		case slices.Contains(secretArguments(kind), indexes.ReplaceAllString(path, "")):
			s.add(address, path, place, cms)
		}
	})
}

var indexes = regexp.MustCompile(`\[\d+\]`)

// follow marks the variables that a credential comes from: their defaults and
// what module calls pass for them are credentials whatever they look like.
func (s *literalSearch) follow(from []string, inModule, cms string, hops int) {
	for _, reference := range from {
		name, ok := strings.CutPrefix(reference, "var.")
		if !ok || hops == 0 {
			continue
		}
		name = name[:tfaddress.SegmentEnd(name)]
		key := [2]string{inModule, name}
		if s.marked[key] {
			continue
		}
		s.marked[key] = true
		m, outer, call := s.find(inModule)
		if m == nil {
			continue
		}
		if v := m.Variables[name]; v != nil {
			eachConstant(v.Default, "", func(c constant) {
				if c.text != "" {
					s.add(tfaddress.Within(inModule, "var."+name), "default", inventory.LiteralVariable, cms)
				}
			})
		}
		if call == nil {
			continue
		}
		e := call.Expressions[name]
		each(e, func(c constant) {
			if c.text != "" {
				s.add(inModule, name, inventory.LiteralVariable, cms)
			}
		})
		s.follow(references(e), outer, cms, hops-1)
	}
}

// find returns a module, the address of the one that calls it, and the call.
func (s *literalSearch) find(address string) (m *tfjson.ConfigModule, outer string, call *tfjson.ModuleCall) {
	m = s.root
	for _, step := range tfaddress.Steps(address) {
		if m == nil {
			return nil, "", nil
		}
		outer, call = step.Before, m.ModuleCalls[step.Name]
		if call == nil {
			return nil, "", nil
		}
		m = call.Module
	}
	return m, outer, call
}

func references(e *tfjson.Expression) []string {
	if e == nil || e.ExpressionData == nil {
		return nil
	}
	return e.References
}

// constant is one text among the constants of an expression.
type constant struct {
	// path leads to it from the argument: "", ".Authorization", "[0].value".
	path string
	text string
	// header is the name of the header it would be the value of: the last key,
	// or what stands next to it as name.
	header string
}

// each visits the constant texts of an expression and of the blocks in it.
func each(e *tfjson.Expression, visit func(constant)) {
	if e == nil || e.ExpressionData == nil {
		return
	}
	if e.ConstantValue != nil && e.ConstantValue != tfjson.UnknownConstantValue {
		eachConstant(e.ConstantValue, "", visit)
	}
	for i, block := range e.NestedBlocks {
		beside := ""
		for _, key := range nameKeys {
			if named := block[key]; named != nil && named.ExpressionData != nil {
				if s, ok := named.ConstantValue.(string); ok {
					beside = s
				}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(block)) {
			prefix := fmt.Sprintf("[%d].%s", i, name)
			each(block[name], func(c constant) {
				c.path = prefix + c.path
				if beside != "" && !slices.Contains(nameKeys, name) {
					c.header = beside
				}
				visit(c)
			})
		}
	}
}

// nameKeys are the members that name a header besides its value.
var nameKeys = []string{"header_name", "key", "name"}

func eachConstant(v any, path string, visit func(constant)) {
	switch is := v.(type) {
	case string:
		visit(constant{path: path, text: is})
	case []any:
		for i, item := range is {
			eachConstant(item, path+"["+strconv.Itoa(i)+"]", visit)
		}
	case map[string]any:
		beside := ""
		for _, key := range nameKeys {
			if s, ok := is[key].(string); ok {
				beside = s
			}
		}
		for _, key := range slices.Sorted(maps.Keys(is)) {
			eachConstant(is[key], path+"."+shownKey(key), func(c constant) {
				switch {
				case c.header != "":
				case beside != "" && !slices.Contains(nameKeys, key):
					c.header = beside
				case key != "value":
					c.header = key
				default:
					c.header = lastKey(path)
				}
				visit(c)
			})
		}
	}
}

// lastKey returns the last key of a path: of ".Authorization", "Authorization".
func lastKey(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// plainKey is a key that can be shown; another one may be a secret in the wrong
// place.
var plainKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

func shownKey(key string) string {
	if _, secret := masking.CredentialOf(key); secret || !plainKey.MatchString(key) {
		return "(key)"
	}
	return key
}
