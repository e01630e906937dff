// Package command reads CMSes that nobody here knows: it runs a program of the
// user's that prints an inventory, and checks what it prints.
package command

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	// defaultTimeout bounds the program where the entry sets no timeout.
	defaultTimeout = 2 * time.Minute
	// defaultMaxOutput bounds what it may print, in bytes.
	defaultMaxOutput = 256 << 20
)

// CMS is what the configuration calls such a CMS; its sources have the name of
// the entry instead.
const CMS = "command"

// name is what a CMS may be called: it becomes the first segment of every ID.
var name = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

// Definition describes the entries that run a program.
func Definition() collectors.Definition {
	return collectors.Definition{
		CMS:   CMS,
		Title: "Program that prints an inventory",
		Options: []collectors.Option{
			{Key: "name", Type: collectors.OptionString, Required: true,
				Help:    "The name of the CMS: the cms of every source that the program prints, and the beginning of every id.",
				Example: "pressroom"},
			{Key: "run", Type: collectors.OptionStrings, Required: true,
				Help:    "The program and its arguments; no shell is used, and a relative path is resolved from the folder of this file.",
				Example: "./pressroom-tokens.sh"},
			{Key: "environment", Type: collectors.OptionStrings,
				Help:    "Names of the environment variables that the program gets in addition to PATH, HOME, LANG and TZ.",
				Example: "PRESSROOM_TOKEN"},
		},
		Facts: facts(),
		LeastPrivilege: "The program uses the credential: its own documentation says which is the least-privilege one. " +
			"Pass it by name in `environment`, and make sure that the program only reads.",
		New: open,
	}
}

// facts: what such a CMS can tell is for its program to say, in the facts of
// each source.
func facts() inventory.Facts {
	all := inventory.Facts{}
	for _, f := range inventory.AllFacts() {
		all[f] = inventory.ReportedPartly("as far as the program reports it")
	}
	return all
}

func open(entry collectors.Entry, run collectors.Run) (collectors.Collector, error) {
	if !name.MatchString(entry.Name) {
		return nil, fmt.Errorf("invalid name %q: expected lower-case letters, digits and hyphens, starting with a letter", entry.Name)
	}
	argv := entry.Strings("run")
	if len(argv) == 0 || argv[0] == "" {
		return nil, errors.New("run: expected a program")
	}
	if entry.BaseURL != "" || entry.RequestsPerSecond != 0 {
		return nil, errors.New("base_url and requests_per_second have no effect here: the program makes its own requests")
	}
	timeout := entry.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	return &collector{
		program: program{
			argv: argv, dir: run.Dir, timeout: timeout, maxOutput: defaultMaxOutput,
			environment: append([]string{"PATH", "HOME", "LANG", "TZ"}, entry.Strings("environment")...),
			lookup:      run.LookupEnv,
		},
		name: entry.Name,
	}, nil
}
