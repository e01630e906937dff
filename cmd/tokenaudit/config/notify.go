package config

import (
	"context"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config/targets"
	"github.com/tokenaudit/tokenaudit/collectors"
)

// targets reads where messages go.
func (r *reader) targets(top *mapping) []Source {
	n := top.get("notify")
	if n == nil {
		return nil
	}
	var out []Source
	keys := keysOf(targets.Options())
	for i, e := range r.sequence(n, "notify") {
		m, ok := r.mapping(e, index("notify", i), keys)
		if !ok {
			continue
		}
		s := Source{Entry: collectors.Entry{Name: m.path, Origin: r.origin(e)}}
		s.Entry.Values = objectReader{r: r, cms: "notify", secrets: &s.secrets}.read(m, targets.Options())
		for _, key := range keys {
			if problem := targets.Problem(s.Entry.String("type"), key, m.get(key) != nil, s.Entry.String(key)); problem != "" {
				r.failLine(e.Line, m.at(key), "%s", problem)
			}
		}
		out = append(out, s)
	}
	return out
}

// Target returns the entry of a target of Notify, with its secrets. The error is of type Errors.
func (c *Config) Target(ctx context.Context, env Environment, i int) (collectors.Entry, error) {
	entries, err := resolve(ctx, env, c.Dir, c.Notify[i:i+1])
	if err != nil {
		return collectors.Entry{}, err
	}
	return entries[0], nil
}
