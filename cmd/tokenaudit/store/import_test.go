package store

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// An export that anybody may have written is imported whole or not at all, and what was
// imported is told, exported and imported again as it was. It is not a fuzz target: a fuzzer
// takes minutes to build, because SQLite comes with it.
func TestImportOfDamagedExports(t *testing.T) {
	source := newFile(t)
	for _, o := range observed(t, 3, 3) {
		o.Run.Files = []File{{Name: "configuration.json", Data: []byte("{}")}}
		write(t, source, o)
	}
	text := export(t, source)
	tries, err := strconv.Atoi(os.Getenv("TOKENAUDIT_DAMAGES"))
	if err != nil {
		tries = 60
	}
	stores := [2]*Store{newFile(t), newFile(t)}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 2))
	refused := 0
	for range tries {
		if !imports(t, stores, damaged(random, text)) {
			refused++
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("%d of %d refused", refused, tries)
}

// damaged changes an export in one to three places.
func damaged(random *rand.Rand, text string) string {
	for range 1 + random.IntN(3) {
		lines := strings.SplitAfter(text, "\n")
		i := random.IntN(len(lines))
		line := lines[i]
		at := random.IntN(len(line) + 1)
		switch random.IntN(7) {
		case 0:
			lines = slices.Delete(lines, i, i+1)
		case 1:
			lines = slices.Insert(lines, i, lines[random.IntN(len(lines))])
		case 2:
			j := random.IntN(len(lines))
			lines[i], lines[j] = lines[j], lines[i]
		case 3:
			lines[i] = line[:at]
		case 4:
			lines[i] = line[:at] + string(rune(random.IntN(0x300))) + line[at:]
		case 5:
			values := []string{"null", "0", "-1", "1e9", `""`, "[]", "{}", `"gone"`, "true", `" a"`}
			if cut := strings.LastIndexByte(line[:at], ':'); cut > 0 {
				rest := strings.IndexAny(line[cut:], ",}")
				lines[i] = line[:cut+1] + values[random.IntN(len(values))] + line[cut+max(rest, 1):]
			}
		case 6:
			// The value of another line.
			other := lines[random.IntN(len(lines))]
			if cut, end := strings.IndexByte(line, ','), strings.IndexByte(other, ','); cut > 0 && end > 0 {
				lines[i] = line[:cut] + other[end:]
			}
		}
		text = strings.Join(lines, "")
	}
	return text
}

// imports reports whether a store takes an export, and checks what it makes of it. It leaves the stores empty.
func imports(t *testing.T, stores [2]*Store, text string) bool {
	t.Helper()
	if _, err := stores[0].Import(t.Context(), strings.NewReader(text)); err != nil {
		for _, table := range tables {
			if n := count(t, stores[0], table); n != 0 {
				t.Errorf("%d rows of %s are left of an import that failed: %v", n, table, err)
			}
		}
		return false
	}
	told := export(t, stores[0])
	if _, err := stores[1].Import(t.Context(), strings.NewReader(told)); err != nil {
		t.Errorf("%v\n%s", err, told)
		return true
	}
	sameExport(t, "of what was imported", told, export(t, stores[1]))
	if _, err := stores[0].Past(t.Context(), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Errorf("%v\n%s", err, told)
	}
	count(t, stores[0], "findings")
	count(t, stores[0], "tokens")
	for _, s := range stores {
		emptied(t, s)
	}
	return true
}

// tables are all of the schema.
var tables = []string{"body", "run", "reading", "token", "token_version", "finding", "finding_state", "part"}

func emptied(t *testing.T, s *Store) {
	t.Helper()
	err := s.writing(t.Context(), func(tx *tx) error {
		for _, table := range tables {
			tx.Exec(`DELETE FROM ` + table)
		}
		return tx.Err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What no store exports is refused, and says where it is.
func TestImportRefuses(t *testing.T) {
	s := newFile(t)
	write(t, s, observed(t, 3, 1)[0])
	whole := export(t, s)
	for what, change := range map[string]func(string) string{
		"":                               func(text string) string { return text },
		"line 1: it does not say schema": func(text string) string { return strings.Replace(text, "/v1", "/v9", 1) },
		"it is empty":                    func(string) string { return "" },
		"line 1: it is not a line":       func(text string) string { return "x" + text },
		"something follows the value":    func(text string) string { return strings.Replace(text, "\n", "{}\n", 1) },
		"unknown field":                  func(text string) string { return strings.Replace(text, `"risk_min"`, `"risk"`, 1) },
		"a run has to come first":        func(text string) string { return without(text, `{"run"`, `{"source"`) },
		"the fingerprint":                func(text string) string { return strings.Replace(text, `"fingerprint":"`, `"fingerprint":"0`, 1) },
		"did not read the source":        func(text string) string { return without(text, `{"source"`, `{"token"`) },
		"does not match the source":      func(text string) string { return strings.Replace(text, `{"source":{"id":"`, `{"source":{"id":"x`, 1) },
		"the facts of the token":         func(text string) string { return strings.Replace(text, `{"token":{"id":"`, `{"token":{"id":"x`, 1) },
		"the token \"":                   func(text string) string { return strings.Replace(text, `"last_use":"{`, `"last_use":"{{`, 1) },
		"is duplicated":                  func(text string) string { return twice(text, `{"source"`) },
		"not in order of time":           func(text string) string { return twice(text, `{"run"`) },
	} {
		changed := change(whole)
		empty := newFile(t)
		_, err := empty.Import(t.Context(), strings.NewReader(changed))
		switch {
		case changed == whole:
			if err != nil {
				t.Errorf("as it was: %v", err)
			}
			sameExport(t, "as it was", whole, export(t, empty))
		case err == nil || !strings.Contains(err.Error(), what):
			t.Errorf("got %v, want %q", err, what)
		case count(t, empty, "run")+count(t, empty, "body") > 0:
			t.Errorf("%s: something is left", what)
		}
	}
}

// without leaves out what lies between the first line that begins with something and the first that begins with something else.
func without(text, begin, end string) string {
	before, _, _ := strings.Cut(text, begin)
	_, after, _ := strings.Cut(text, end)
	return before + end + after
}

// twice repeats the first line that begins with something.
func twice(text, begin string) string {
	i := strings.Index(text, begin)
	end := i + strings.IndexByte(text[i:], '\n') + 1
	return text[:end] + text[i:]
}
