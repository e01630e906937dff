package terraform

import (
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/terraform/tfaddress"
)

// module is a module of the configuration as far as it tells what refers to
// what. Its constants are not kept.
type module struct {
	// resources maps "type.name" to the arguments that are set.
	resources map[string]map[string]argument
	calls     map[string]*moduleCall
}

// moduleCall is a module block.
type moduleCall struct {
	module    *module
	arguments map[string]argument
}

// argument is one that is set: references is empty for a constant.
type argument struct{ references []string }

// takeConfiguration keeps the configuration behind the plan, without its
// constants, and where credentials stand among them.
func (p *Plan) takeConfiguration(c *tfjson.Config) {
	whole := inventory.CompleteUnit(unitConfiguration)
	if c == nil || c.RootModule == nil {
		whole = inventory.FailedUnit(unitConfiguration, inventory.ErrUnreadable,
			"the plan has no configuration", "Print the plan with terraform show -json, and do not cut it down.")
	}
	p.units = append(p.units, whole)
	if c == nil {
		return
	}
	if c.RootModule == nil {
		c.RootModule = &tfjson.ConfigModule{} // the providers may be there
	}
	p.modules = newModule(c.RootModule)
	for _, provider := range c.ProviderConfigs {
		if provider != nil && (provider.Name == cmsDatoCMS || strings.HasSuffix(provider.FullName, "/"+cmsDatoCMS)) {
			p.datoProviders++
		}
	}
	p.literals = findLiterals(c)
}

func newModule(c *tfjson.ConfigModule) *module {
	m := &module{resources: map[string]map[string]argument{}, calls: map[string]*moduleCall{}}
	for _, r := range c.Resources {
		if r != nil && r.Mode == tfjson.ManagedResourceMode {
			m.resources[r.Type+"."+r.Name] = newArguments(r.Expressions)
		}
	}
	for name, call := range c.ModuleCalls {
		if call == nil || call.Module == nil {
			continue
		}
		m.calls[name] = &moduleCall{newModule(call.Module), newArguments(call.Expressions)}
	}
	return m
}

func newArguments(expressions map[string]*tfjson.Expression) map[string]argument {
	set := map[string]argument{}
	for name, e := range expressions {
		if e != nil && e.ExpressionData != nil {
			set[name] = argument{slices.Clone(e.References)}
		}
	}
	return set
}

// at finds the module that an address of a module instance is of; nil where
// the configuration has none.
func (m *module) at(address string) *module {
	for _, step := range tfaddress.Steps(address) {
		if m == nil {
			return nil
		}
		call := m.calls[step.Name]
		if call == nil {
			return nil
		}
		m = call.module
	}
	return m
}

// argument returns an argument of the block that a change is an instance of, and
// whether the configuration of the block is known at all.
func (p *Plan) argument(c change, name string) (a argument, set, told bool) {
	m := p.modules.at(c.module)
	if m == nil {
		return argument{}, false, false
	}
	arguments, told := m.resources[c.kind+"."+c.name]
	a, set = arguments[name]
	return a, set, told
}

// maxHops bounds how many variables a reference is followed through.
const maxHops = 32

// refersTo returns the changes of resources of one type that an argument refers
// to. It follows a reference to a variable into the module's call. An empty
// list says that it cannot be told which one is meant.
func (p *Plan) refersTo(c change, name, kind string) []change {
	a, set, _ := p.argument(c, name)
	if !set {
		return nil
	}
	return p.follow(a.references, c.module, c.key, kind, maxHops)
}

func (p *Plan) follow(references []string, inModule, key, kind string, hops int) []change {
	for _, reference := range references {
		if rest, ok := strings.CutPrefix(reference, kind+"."); ok {
			return p.instances(inModule, kind, rest, key)
		}
		variable, ok := strings.CutPrefix(reference, "var.")
		steps := tfaddress.Steps(inModule)
		if !ok || len(steps) == 0 || hops == 0 {
			continue
		}
		variable = variable[:tfaddress.SegmentEnd(variable)]
		last := steps[len(steps)-1]
		outer := p.modules.at(last.Before)
		if outer == nil || outer.calls[last.Name] == nil {
			continue
		}
		argument := outer.calls[last.Name].arguments[variable]
		moduleKey := strings.TrimPrefix(inModule[len(last.Before):], ".")
		moduleKey = strings.TrimPrefix(moduleKey, "module."+last.Name)
		if found := p.follow(argument.references, last.Before, moduleKey, kind, hops-1); len(found) > 0 {
			return found
		}
	}
	return nil
}

// instances finds what a reference such as `editor["a"].id` means in a module
// instance: of several instances the one it names, else the one with the key
// of what refers to it.
func (p *Plan) instances(inModule, kind, reference, key string) []change {
	segment := reference[:tfaddress.SegmentEnd(reference)]
	name, _, indexed := strings.Cut(segment, "[")
	wanted := strings.TrimPrefix(segment, name)
	var all []change
	for _, i := range p.named[declared{inModule, kind, name}] {
		if p.changes[i].action != remove {
			all = append(all, p.changes[i])
		}
	}
	if !indexed && len(all) > 1 {
		wanted, indexed = key, true
	}
	if !indexed {
		return all
	}
	return slices.DeleteFunc(all, func(c change) bool { return c.key != wanted })
}
