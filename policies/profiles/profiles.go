// Package profiles has the settings of rules that are known by a name, such as strict: one
// file each, in the form that policies.rules of the configuration has.
package profiles

import (
	"embed"
	"fmt"
	"path"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/suggest"
)

//go:embed *.yaml
var files embed.FS

// Names returns the names of the profiles, sorted.
func Names() ([]string, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("read the profiles: %w", err)
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = strings.TrimSuffix(entry.Name(), path.Ext(entry.Name()))
	}
	return names, nil
}

// Read returns the text of a profile, in YAML. The error names the nearest one.
func Read(name string) ([]byte, error) {
	names, err := Names()
	if err != nil {
		return nil, err
	}
	for _, known := range names {
		if known == name {
			text, err := files.ReadFile(name + ".yaml")
			if err != nil {
				return nil, fmt.Errorf("read the profile %s: %w", name, err)
			}
			return text, nil
		}
	}
	return nil, fmt.Errorf("unknown profile %q%s: expected one of %s, or {file: FILE} for one of your own", name, suggest.DidYouMean(name, names), strings.Join(names, ", "))
}
