package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tokenaudit/tokenaudit/collectors"
)

// objectReader reads mappings by option declarations.
type objectReader struct {
	r   *reader
	cms string
	// secrets collects the references found.
	secrets *[]secretRef
}

// read returns the values of the declared options that are present. Secrets are
// left out of it: their references remember the map they belong in. The common
// options that no collector declares are left to Source.common.
func (o objectReader) read(m *mapping, options []collectors.Option) map[string]any {
	values := map[string]any{}
	for _, option := range options {
		n := m.get(option.Key)
		if n == nil {
			if option.Required {
				m.required(option.Key, lowerFirst(option.Help))
			}
			continue
		}
		if v := o.value(n, m.at(option.Key), option, values); v != nil {
			values[option.Key] = v
		}
	}
	return values
}

func (o objectReader) value(n *yaml.Node, path string, option collectors.Option, into map[string]any) any {
	switch option.Type {
	case collectors.OptionString:
		if len(option.Enum) > 0 {
			return o.r.oneOf(n, path, option.Enum)
		}
		return o.r.word(n, path)
	case collectors.OptionStrings:
		return o.strings(n, path, option)
	case collectors.OptionInteger:
		return o.r.integer(n, path)
	case collectors.OptionBoolean:
		return o.r.boolean(n, path)
	case collectors.OptionSecret:
		if ref, ok := o.r.secret(n, path, o.cms, option); ok {
			ref.into, ref.key = into, option.Key
			*o.secrets = append(*o.secrets, ref)
		}
	case collectors.OptionObjects:
		return o.objects(n, path, option)
	}
	return nil
}

func (o objectReader) strings(n *yaml.Node, path string, option collectors.Option) any {
	var words []string
	for i, e := range o.r.filled(n, path) {
		words = append(words, o.r.word(e, index(path, i)))
	}
	for i, w := range words {
		if len(option.Enum) > 0 && !slices.Contains(option.Enum, w) {
			o.r.fail(n, index(path, i), "must be %s", list(option.Enum, "or"))
		}
		if slices.Contains(words[:i], w) {
			o.r.fail(n, index(path, i), "is in the list twice")
		}
	}
	return words
}

func (o objectReader) objects(n *yaml.Node, path string, option collectors.Option) any {
	elements := o.r.filled(n, path)
	out := make([]map[string]any, 0, len(elements))
	seen := map[string]int{}
	for i, e := range elements {
		m, ok := o.r.mapping(e, index(path, i), keysOf(option.Items))
		if !ok {
			continue
		}
		first := len(*o.secrets)
		values := o.read(m, option.Items)
		mark := fingerprint(values, (*o.secrets)[first:])
		if twin, ok := seen[mark]; ok {
			o.r.fail(e, index(path, i), "the same as %s; remove one of them", index(path, twin))
		}
		seen[mark] = i
		out = append(out, values)
	}
	return out
}

// fingerprint reports whether two mappings ask for the same, secrets compared by
// their references.
func fingerprint(values map[string]any, secrets []secretRef) string {
	text, err := json.Marshal(values)
	if err != nil {
		return fmt.Sprint(values)
	}
	var b strings.Builder
	b.Write(text)
	for _, s := range secrets {
		fmt.Fprintf(&b, "\x00%s\x00%s\x00%s\x00%q", s.key, s.env, s.file, s.command)
	}
	return b.String()
}

// lowerFirst turns a sentence into the end of another.
func lowerFirst(s string) string {
	s = strings.TrimSuffix(s, ".")
	if len(s) > 1 && s[1] >= 'a' && s[1] <= 'z' || strings.HasPrefix(s, "A ") {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}
