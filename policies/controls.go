package policies

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

//go:embed controls/*.json
var controlFiles embed.FS

// Framework is a catalogue of controls that rules speak to.
type Framework struct {
	// ID is what the command line calls it: "nist-800-53".
	ID string `json:"id"`
	// Key is what METADATA calls it: "nist_800_53".
	Key     string `json:"key"`
	Title   string `json:"title"`
	Version string `json:"version"`
	// Controls are in the order of the framework.
	Controls []Control `json:"controls"`
}

// Control is one control of a framework.
type Control struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Rules are the ids of the built-in rules that speak to it, sorted; empty for
	// a control about which no rule says anything. Never nil.
	Rules []string `json:"rules"`
}

// Frameworks gives the frameworks that are known, sorted by ID.
func Frameworks() ([]Framework, error) {
	entries, err := controlFiles.ReadDir("controls")
	if err != nil {
		return nil, fmt.Errorf("read the control frameworks: %w", err)
	}
	var frameworks []Framework
	for _, entry := range entries {
		text, err := controlFiles.ReadFile("controls/" + entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read the control framework %s: %w", entry.Name(), err)
		}
		var f Framework
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&f); err != nil {
			return nil, fmt.Errorf("read the control framework %s: %w", entry.Name(), err)
		}
		frameworks = append(frameworks, f)
	}
	slices.SortFunc(frameworks, func(a, b Framework) int { return strings.Compare(a.ID, b.ID) })
	return frameworks, nil
}

// FrameworkFor gives one framework with the rules in force: of the built-in rules
// those that are loaded, and the custom ones that name its controls in their
// METADATA. A control that only custom rules name comes last, without a name.
func FrameworkFor(id string, rules []Rule) (Framework, error) {
	frameworks, err := Frameworks()
	if err != nil {
		return Framework{}, err
	}
	i := slices.IndexFunc(frameworks, func(f Framework) bool { return f.ID == id })
	if i < 0 {
		ids := make([]string, len(frameworks))
		for i, f := range frameworks {
			ids[i] = f.ID
		}
		return Framework{}, fmt.Errorf("there is no framework %q; there are %s", id, strings.Join(ids, ", "))
	}
	f := frameworks[i]
	for i := range f.Controls {
		f.Controls[i].Rules = slices.DeleteFunc(f.Controls[i].Rules, func(id string) bool {
			return !slices.ContainsFunc(rules, func(r Rule) bool { return r.ID == id })
		})
	}
	for _, rule := range rules {
		if rule.Custom {
			f.add(rule)
		}
	}
	return f, nil
}

func (f *Framework) add(rule Rule) {
	for _, id := range rule.Controls[f.Key] {
		i := slices.IndexFunc(f.Controls, func(c Control) bool { return c.ID == id })
		if i < 0 {
			i = len(f.Controls)
			f.Controls = append(f.Controls, Control{ID: id, Rules: []string{}})
		}
		f.Controls[i].Rules = append(f.Controls[i].Rules, rule.ID)
		slices.Sort(f.Controls[i].Rules)
	}
}
