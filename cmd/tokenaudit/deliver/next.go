package deliver

import (
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
)

// About writes commands about a rule, token or source that look where another command
// looked: in saved inventories, or in what a configuration reaches.
func About(o options.Judge, configFile string, inventories ...string) func(command string, words ...string) string {
	var flags []string
	add := func(flag string, values ...string) {
		for _, value := range values {
			if value != "" {
				flags = append(flags, flag, Quoted(value))
			}
		}
	}
	add("-c", configFile)
	add("--policy", o.Policies...)
	add("--previous", o.Previous...)
	add("--at", o.At)
	add("--inventory", inventories...)
	return func(command string, words ...string) string {
		all := slices.Concat([]string{"tokenaudit", command}, flags)
		if command == "show" && o.Store != "" {
			all = append(all, "--store", Quoted(o.Store))
		}
		for _, word := range words {
			all = append(all, Quoted(word))
		}
		return strings.Join(all, " ")
	}
}

// WithConfig returns a command of a configuration, which is empty for the default one.
func WithConfig(command, configFile string) string {
	if configFile == "" {
		return "tokenaudit " + command
	}
	return "tokenaudit " + command + " -c " + Quoted(configFile)
}
