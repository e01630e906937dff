// Package frameworks has the catalogues of controls that rules map to, such as those of OWASP
// and NIST.
package frameworks

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tokenaudit/tokenaudit/collectors/suggest"
)

//go:embed *.json
var files embed.FS

// Framework is a catalogue of controls, from a file of its own.
type Framework struct {
	// ID is what --framework takes: "owasp-nhi".
	ID string `json:"id"`
	// Key is its name in a rule's controls: "owasp_nhi".
	Key          string `json:"key"`
	Title        string `json:"title"`
	Organization string `json:"organization"`
	Version      string `json:"version"`
	URL          string `json:"url"`
	// Controls are those that a rule about tokens can speak to, in order.
	Controls []Control `json:"controls"`
}

// Control is one requirement of a framework.
type Control struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// All returns the known frameworks, by id. It reads the embedded files once
// a process, on first use; the list is shared.
var All = sync.OnceValues(func() ([]Framework, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("read the frameworks: %w", err)
	}
	var list []Framework
	for _, entry := range entries {
		document, err := files.ReadFile(entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read the frameworks: %w", err)
		}
		var f Framework
		if err := json.Unmarshal(document, &f); err != nil {
			return nil, fmt.Errorf("read the framework %s: %w", entry.Name(), err)
		}
		list = append(list, f)
	}
	return list, nil
})

// Keys returns the keys of the known frameworks.
func Keys() []string { return each(func(f *Framework) string { return f.Key }) }

// IDs returns the ids of the known frameworks, sorted.
func IDs() []string { return each(func(f *Framework) string { return f.ID }) }

// each returns one text of every known framework.
func each(text func(*Framework) string) []string {
	list, _ := All() // a fault in them is told where they are asked for
	texts := make([]string, len(list))
	for i := range list {
		texts[i] = text(&list[i])
	}
	return texts
}

// ByKey finds a framework by its name in a rule's controls.
func ByKey(key string) (f Framework, known bool) {
	list, _ := All() // a fault in them is told where they are asked for
	i := slices.IndexFunc(list, func(f Framework) bool { return f.Key == key })
	if i < 0 {
		return Framework{}, false
	}
	return list[i], true
}

// Lookup finds a framework by its id. The error names the nearest one.
func Lookup(id string) (*Framework, error) {
	list, err := All()
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].ID == id {
			f := list[i]
			return &f, nil
		}
	}
	names := IDs()
	err = fmt.Errorf("unknown framework %q: one of %s", id, strings.Join(names, ", "))
	if near := suggest.Nearest(id, names); near != "" {
		err = fmt.Errorf("unknown framework %q: did you mean %q? (one of %s)", id, near, strings.Join(names, ", "))
	}
	return nil, err
}

// CompareControls sorts NHI2 before NHI10, A.5.9 before A.5.15, and AC-6 before
// AC-6(1): runs of digits count as numbers.
func CompareControls(a, b string) int {
	for a != "" && b != "" {
		headA, restA := controlRun(a)
		headB, restB := controlRun(b)
		numberA, errA := strconv.Atoi(headA)
		numberB, errB := strconv.Atoi(headB)
		order := strings.Compare(headA, headB)
		if errA == nil && errB == nil {
			order = cmp.Compare(numberA, numberB)
		}
		if order != 0 {
			return order
		}
		a, b = restA, restB
	}
	return strings.Compare(a, b)
}

// controlRun cuts off the first run of digits, or of anything else.
func controlRun(s string) (head, rest string) {
	isDigit := func(r rune) bool { return '0' <= r && r <= '9' }
	digits := isDigit(rune(s[0]))
	end := strings.IndexFunc(s, func(r rune) bool { return isDigit(r) != digits })
	if end < 0 {
		return s, ""
	}
	return s[:end], s[end:]
}
