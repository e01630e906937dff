// Package tfaddress takes apart the addresses that Terraform gives to modules, blocks
// and resources, such as module.a["x.y"].contentful_apikey.site[0].
package tfaddress

import "strings"

// Step is one segment of the address of a module instance.
type Step struct {
	Name string
	// Before is the address of the module instance that holds the block.
	Before string
}

// Steps takes an address such as module.a["x.y"].module.b apart.
func Steps(address string) []Step {
	var steps []Step
	for at := 0; at < len(address); {
		rest, ok := strings.CutPrefix(address[at:], "module.")
		if !ok {
			return steps
		}
		end := SegmentEnd(rest)
		name, _, _ := strings.Cut(rest[:end], "[")
		steps = append(steps, Step{Name: name, Before: strings.TrimSuffix(address[:at], ".")})
		at += len("module.") + end
		if at < len(address) && address[at] == '.' {
			at++
		}
	}
	return steps
}

// SegmentEnd returns the length of the first segment of an address: up to a dot
// that is in no instance key.
func SegmentEnd(s string) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '.' && !quoted:
			return i
		}
	}
	return len(s)
}

// Within puts an address into a module.
func Within(module, address string) string {
	if module == "" {
		return address
	}
	return module + "." + address
}

// WithoutKeys drops the instance keys of the modules from an address.
func WithoutKeys(address string) string {
	plain := ""
	for _, step := range Steps(address) {
		plain = Within(plain, "module."+step.Name)
	}
	if rest := WithoutModules(address); rest != "" {
		return Within(plain, rest)
	}
	return plain
}

// WithoutModules returns what follows the modules in an address.
func WithoutModules(address string) string {
	steps := Steps(address)
	if len(steps) == 0 {
		return address
	}
	rest := strings.TrimPrefix(address[len(steps[len(steps)-1].Before):], ".")
	rest = strings.TrimPrefix(rest, "module.")
	return strings.TrimPrefix(rest[SegmentEnd(rest):], ".")
}

// FirstName is the argument that a path begins with: of headers.X[0], headers.
func FirstName(path string) string {
	if i := strings.IndexAny(path, ".["); i >= 0 {
		return path[:i]
	}
	return path
}
