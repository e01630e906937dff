package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors"
)

// On a terminal what a check says stays beside its name; a program that reads a pipe
// finds it on one line.
func TestDoctorFitsTheTerminal(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("several words ", 20))
	d := diagnosis{checks: []collectors.Check{{Name: "list of things", Status: collectors.CheckFailed, Detail: long, Hint: long}}}
	printed := func(terminal bool) string {
		var out bytes.Buffer
		a := newApp(surroundings{in: strings.NewReader(""), out: &out, err: &out})
		a.registry = collectors.Registry{}
		a.outTerminal, a.width = terminal, 70
		if err := a.printDiagnoses([]diagnosis{d}, false); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	const column = len("  failed   list of things  ")
	for i, line := range strings.Split(strings.TrimSpace(printed(true)), "\n")[1:] {
		if len(line) > 70 || i > 0 && strings.TrimSpace(line[:column]) != "" {
			t.Errorf("line %d: %q", i, line)
		}
	}
	if text := printed(false); strings.Count(text, long+"\n") != 2 {
		t.Errorf("a pipe gets\n%s", text)
	}
}
