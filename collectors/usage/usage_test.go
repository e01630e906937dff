package usage

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

func day(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }

func TestApply(t *testing.T) {
	var e Evidence
	for _, text := range []string{
		"token,last_used_at,origin\na,2026-11-03T00:00:00Z,cdn logs\nb,2026-11-03,\nc,2026-11-03T00:00:00Z,\n",
		`[{"token": "a", "last_used_at": "2026-11-01T00:00:00Z"}, {"token": "d", "last_used_at": "2026-11-03T01:00:00+01:00", "origin": "gateway"},
		  {"token": "e", "last_used_at": "2026-11-03T00:00:00Z"}, {"token": "f", "last_used_at": "2026-11-03T00:00:00Z"}]`,
	} {
		if err := e.read(strings.NewReader(text), "usage.csv"); err != nil {
			t.Fatal(err)
		}
	}
	outside := func(u inventory.LastUsed, evidence string) inventory.LastUsed { u.Evidence = evidence; return u }
	for id, test := range map[string]struct{ told, want inventory.LastUsed }{
		// The CMS is silent.
		"a": {inventory.UnknownUse("not told"), outside(inventory.UsedAt(day(3)), "usage.csv: cdn logs")},
		"b": {inventory.UnknownUse("not told"), outside(inventory.UsedBetween(day(3), day(4).Add(-time.Second)), "usage.csv")},
		// The CMS knows a later use.
		"c": {inventory.UsedAt(day(5)), inventory.UsedAt(day(5))},
		// The CMS knows an earlier one.
		"d": {inventory.UsedAt(day(1)), outside(inventory.UsedAt(day(3)), "usage.csv: gateway")},
		// Its bounds become narrower.
		"e": {inventory.UsedBetween(day(1), day(10)), outside(inventory.UsedBetween(day(3), day(10)), "usage.csv")},
		// It says never, and is contradicted.
		"f": {inventory.NeverUsed(), outside(inventory.UsedAt(day(3)), "usage.csv")},
		// No evidence.
		"z": {inventory.UnknownUse("not told"), inventory.UnknownUse("not told")},
	} {
		source := inventory.Source{Tokens: []inventory.Token{{ID: id, LastUsed: test.told}}}
		found := e.Apply(&source)
		if (found == 1) != (id != "z") {
			t.Errorf("%s: found %d", id, found)
		}
		if diff := cmp.Diff(test.want, source.Tokens[0].LastUsed); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
	if e.Len() != 6 {
		t.Errorf("evidence about %d tokens, want 6", e.Len())
	}
}

func TestFutureUse(t *testing.T) {
	for at, right := range map[string]bool{
		"2026-11-05T11:59:59Z": true, "2026-11-05": true, // today, or tomorrow in another zone
		"2026-11-06T12:00:00Z": true, "2026-11-06T12:00:01Z": false, "2026-11-06": true, "2026-11-07": false, "2036-11-05": false,
	} {
		e := Evidence{Now: day(5).Add(12 * time.Hour)}
		err := e.read(strings.NewReader("token,last_used_at\na,"+at+"\n"), "usage.csv")
		if right != (err == nil) || err != nil && !strings.Contains(err.Error(), "line 2: last_used_at lies in the future: 20") {
			t.Errorf("%s: %v", at, err)
		}
	}
}

func TestReadNamesWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                                               "the file is empty",
		"token;last_used_at\n":                           "line 1: unknown column 1: expected one of token, last_used_at, origin",
		"token\na\n":                                     "line 1: the column last_used_at is missing",
		"token,token,last_used_at\n":                     "line 1: duplicate column",
		"token,last_used_at\n,2026-01-01\n":              "line 2: token is empty",
		"token,last_used_at\na,\n":                       "line 2: last_used_at is not a time: expected 2026-11-22T08:00:00Z or 2026-11-22",
		"token,last_used_at\na,2026-01-01\nb\n":          "record on line 3: wrong number of fields",
		`[{"token": "a", "last_used": "x"}]`:             "entry 0: unknown key: expected token, last_used_at, origin",
		`[{"token": "a", "last_used_at": "x"}]`:          "entry 0: last_used_at is not a time: expected 2026-11-22T08:00:00Z or 2026-11-22",
		`[{"token": "a", "last_used_at": "2026-01-01"}`:  "the JSON ends too early",
		`[{"token": "a", "last_used_at": "0000-01-01"}]`: "entry 0: last_used_at lies outside the years 1 to 9999",
		"\n {\"token\": \"a\"}":                          `JSON must be a list: [{"token": …, "last_used_at": …}]`,
		" \r\n\t":                                        "the file is empty",
		"\n [{}]":                                        "entry 0: token is empty",
		`[] []`:                                          "unexpected text after the list",
		`[{"token": "a", "last_used_at": "2026-01-01", "token": "b"}]`:               "entry 0: has a duplicate or upper-case key",
		`[{"token": "a", "last_used_at": "2026-01-01", "TOKEN": "b"}]`:               "entry 0: has a duplicate or upper-case key",
		`[{"token": "` + strings.Repeat("x", maxRow) + `"}]`:                         "entry 0: is longer than 16384 bytes",
		"token,last_used_at\n\"a\n" + strings.Repeat("b\n", 100) + "\",2026-01-01\n": "line 2: a quoted value does not end on its line",
		"token,last_used_at" + strings.Repeat(",", maxRow) + "\n":                    "line 1: is longer than 16384 bytes",
		"token,last_used_at\n" + strings.Repeat("x", maxText+1) + ",2026-01-01\n":    "line 2: a value is longer than 1024 bytes",
	} {
		var e Evidence
		err := e.Add(strings.NewReader(text), "digests/usage")
		if err == nil || err.Error() != "digests/usage: "+want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("token,last_used_at,origin\na,2026-11-03T00:00:00Z,cdn\n")
	f.Add(`[{"token": "a", "last_used_at": "2026-11-03"}]`)
	f.Add("\xef\xbb\xbftoken,last_used_at\n\"a\n")
	f.Fuzz(func(t *testing.T, text string) {
		var e Evidence
		if e.read(strings.NewReader(text), "f") != nil {
			return
		}
		for id, use := range e.uses {
			if id == "" || use.Evidence == "" || use.State != inventory.LastUsedAt && use.State != inventory.LastUsedBetween {
				t.Fatalf("%q: %+v", id, use)
			}
		}
	})
}
