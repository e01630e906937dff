package entries_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/entries"
)

var entry = entries.Entry{{Key: "rule", Value: "unused-token"}, {Key: "token", Value: "datocms/projects/7/*"}, {Key: "expires", Value: "2027-01-31"}}

// lines joins lines, in which a tab stands for two blanks.
func lines(all ...string) string {
	return strings.ReplaceAll(strings.Join(all, "\n"), "\t", "  ") + "\n"
}

// Each test is the file, and the file with the entry: of what was there nothing changes, but
// that an empty value gives way.
func TestAdd(t *testing.T) {
	added := "\t- rule: unused-token\n\t\ttoken: datocms/projects/7/*\n\t\texpires: 2027-01-31"
	const inline = "{rule: unused-token, token: datocms/projects/7/*, expires: 2027-01-31}"
	for name, test := range map[string]struct{ before, after string }{
		"no key":                          {lines("version: 1 # one", "gate: {fail_on: high}"), lines("version: 1 # one", "gate: {fail_on: high}", "", "waivers:", added)},
		"no key, a comment at the end":    {lines("version: 1", "# the end"), lines("version: 1", "# the end", "", "waivers:", added)},
		"no key, a blank line at the end": {lines("version: 1", ""), lines("version: 1", "", "waivers:", added)},
		"no break at the end":             {"version: 1", lines("version: 1", "", "waivers:", added)},
		"an end of the document":          {lines("---", "version: 1", "..."), lines("---", "version: 1", "waivers:", added, "...")},
		"no value":                        {lines("waivers:", "gate: {}"), lines("waivers:", added, "gate: {}")},
		"no value, comments":              {lines("waivers: # none", "\t# yet", "", "# the gate", "gate: {}"), lines("waivers: # none", "\t# yet", added, "", "# the gate", "gate: {}")},
		"null":                            {lines("waivers: null", "gate: {}"), lines("waivers:", added, "gate: {}")},
		"tilde, comment":                  {lines("waivers: ~ # none"), lines("waivers:  # none", added)},
		"empty":                           {lines("waivers: []", "gate: {}"), lines("waivers:", added, "gate: {}")},
		"empty, comment":                  {lines("waivers: [ ] # none", "", "gate: {}"), lines("waivers:  # none", added, "", "gate: {}")},
		"a list":                          {lines("waivers:", "\t# a", "\t- rule: a", "\t\ttoken: b # b", "gate: {}"), lines("waivers:", "\t# a", "\t- rule: a", "\t\ttoken: b # b", added, "gate: {}")},
		"blank lines and comments behind": {
			lines("waivers:", "\t- rule: a", "\t# - rule: b", "", "# The gate", "", "gate: {}"),
			lines("waivers:", "\t- rule: a", "\t# - rule: b", added, "", "# The gate", "", "gate: {}")},
		"at the margin": {
			lines("waivers:", "- rule: a", "# The gate", "gate: {}"),
			lines("waivers:", "- rule: a", "- rule: unused-token", "\ttoken: datocms/projects/7/*", "\texpires: 2027-01-31", "# The gate", "gate: {}")},
		"a wide gap": {
			lines("waivers:", "\t\t-   rule: a", "\t\t    token: b"),
			lines("waivers:", "\t\t-   rule: a", "\t\t    token: b", "\t\t-   rule: unused-token", "\t\t\t\ttoken: datocms/projects/7/*", "\t\t\t\texpires: 2027-01-31")},
		"as other lists are indented": {lines("sources:", "- cms: a", "waivers: []"), lines("sources:", "- cms: a", "waivers:", "- rule: unused-token", "\ttoken: datocms/projects/7/*", "\texpires: 2027-01-31")},
		"a folded text at the end": {
			lines("waivers:", "\t- reason: >", "\t\t\ta", "", "\t\t\t# b", "", "gate: {}"),
			lines("waivers:", "\t- reason: >", "\t\t\ta", "", "\t\t\t# b", added, "", "gate: {}")},
		"a kept text at the end": {
			lines("waivers:", "\t- reason: |+", "\t\t\ta", "", "gate: {}"),
			lines("waivers:", "\t- reason: |+", "\t\t\ta", "", added, "gate: {}")},
		"items on one line": {
			lines("waivers:", "\t- {rule: a}", "", "gate: {}"),
			lines("waivers:", "\t- {rule: a}", "\t- "+inline, "", "gate: {}")},
		"a flow list":             {lines("waivers: [{rule: a}] # c", "gate: {}"), lines("waivers: [{rule: a}, "+inline+"] # c", "gate: {}")},
		"a flow list with blanks": {lines("waivers: [ {rule: 'a]'}, ]"), lines("waivers: [ {rule: 'a]'}, " + inline + " ]")},
		"a flow list on lines": {
			lines("waivers: [", "\t{rule: a},", "\t{rule: b} ", "]", "gate: {}"),
			lines("waivers: [", "\t{rule: a},", "\t{rule: b}, ", "\t"+inline, "]", "gate: {}")},
		"a flow list on lines, a comma at the end": {
			lines("waivers: [", "\t{rule: a}, # ]", "]"),
			lines("waivers: [", "\t{rule: a}, # ]", "\t"+inline+",", "]")},
		"a flow list on lines, a comment at the end": {
			lines("waivers: [", "\t{rule: a} # a", "]"),
			lines("waivers: [", "\t{rule: a} # a", "\t, "+inline, "]")},
		"an empty flow list on lines": {lines("waivers: [", "\t# none", "]"), lines("waivers: [", "\t# none", "\t"+inline, "]")},
		"anchors and aliases": {
			lines("base: &b {rule: a}", "waivers:", "\t- *b", "\t- &c", "\t\trule: c", "gate: *c"),
			lines("base: &b {rule: a}", "waivers:", "\t- *b", "\t- &c", "\t\trule: c", added, "gate: *c")},
		"an indented document":          {lines("\tversion: 1", "\twaivers: []"), lines("\tversion: 1", "\twaivers:", "\t\t- rule: unused-token", "\t\t\ttoken: datocms/projects/7/*", "\t\t\texpires: 2027-01-31")},
		"a byte order mark":             {"\ufeffwaivers: []\n", "\ufeff" + lines("waivers:", added)},
		"a line separator in a comment": {"# a\u2028waivers: []\n", "# a\u2028" + lines("waivers:", added)},
	} {
		t.Run(name, func(t *testing.T) {
			got, line, err := entries.Add([]byte(test.before), "waivers", entry)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.after, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if test := strings.Split(strings.ReplaceAll(string(got), "\u2028", "\n"), "\n"); line < 1 || !strings.Contains(test[line-1], "rule: unused-token") {
				t.Errorf("line %d", line)
			}
			again, _, err := entries.Add(got, "waivers", entry)
			if err != nil || strings.Count(string(again), "unused-token") != 2 {
				t.Errorf("the next entry: %v\n%s", err, again)
			}
		})
	}
}

func TestAddKeepsLineEndings(t *testing.T) {
	got, _, err := entries.Add([]byte("version: 1\r\nwaivers:\r\n  - rule: a\r\n"), "waivers", entry)
	if want := "version: 1\r\nwaivers:\r\n  - rule: a\r\n  - rule: unused-token\r\n    token: datocms/projects/7/*\r\n    expires: 2027-01-31\r\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAddRefuses(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"nothing":            {"", "the file is not a YAML document"},
		"not YAML":           {"a: [", "the file is not a YAML document"},
		"not UTF-8":          {"a: \xff", "the file is not UTF-8 text"},
		"a list":             {"- a\n", "the file is not a mapping (key: value)"},
		"two documents":      {"a: 1\n---\nb: 1\n", "the file holds more than one YAML document"},
		"a mapping":          {"waivers: {files: [a]}\n", "waivers is not a list"},
		"an alias":           {"a: &a []\nwaivers: *a\n", "the value of waivers is an alias"},
		"used by an alias":   {"waivers: &a\n  - b\nc: *a\n", "the list of waivers is used elsewhere, by an alias"},
		"a null used so":     {"waivers: &a\nc: *a\n", "the list of waivers is used elsewhere, by an alias"},
		"a merge key":        {"a: &a {waivers: [b]}\n<<: *a\n", "its mapping has an alias or a merge key among its keys"},
		"twice":              {"waivers: []\n\"waivers\": []\n", "it has the key waivers 2 times"},
		"a mapping in flow":  {"{version: 1}\n", "the file is written in a way that an entry cannot be added to waivers without changing something else"},
		"a text without end": {"a: |+\n  b", "the file is written in a way that an entry cannot be added to waivers without changing something else"},
	} {
		_, _, err := entries.Add([]byte(test.text), "waivers", entry)
		var refused *entries.RefusedError
		if !errors.As(err, &refused) || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
}

// A text stays the text that it is, whatever readers of YAML take such texts for.
func TestScalar(t *testing.T) {
	for text, want := range map[string]string{
		"a b": "a b", "platform@example.com": "platform@example.com", "datocms/*": "datocms/*", "2027-01-31": "2027-01-31", "rotated; see (a)": "rotated; see (a)",
		"": `""`, "yes": `"yes"`, "No": `"No"`, "null": `"null"`, "1": `"1"`, "012": `"012"`, "1e3": `"1e3"`, "0x1f": `"0x1f"`, "1_000": `"1_000"`, "a: b": `"a: b"`, "a #b": `"a #b"`,
		"*a": `"*a"`, "a,b": `"a,b"`, "a]": `"a]"`, "a\nb": `"a\nb"`, "\x00": `"\x00"`, "\u2028": `"\u2028"`, "a ": `"a "`, "é": `"é"`, "\ufeff": `"\ufeff"`, "\U0001f600\"": `"\U0001f600\""`,
	} {
		if want = strings.ReplaceAll(want, `\U0001f600`, "\U0001f600"); entries.Scalar(text) != want {
			t.Errorf("%q is written %s, want %s", text, entries.Scalar(text), want)
		}
	}
}

var comment = regexp.MustCompile(`(?m)^[ \t]*#.*$`)

// FuzzAdd: whatever the file is, either it is refused, or it means afterwards what it meant
// before and the entry, and has all its comments.
func FuzzAdd(f *testing.F) {
	for _, text := range []string{
		"version: 1\n", "waivers:\n  - rule: a\n    reason: |\n      # b\n\n# c\ngate: {}\n", "waivers: [ # a\n  {b: c} # ]\n  ]\n", "waivers: &a # b\nc: d\n",
		"%YAML 1.2\n---\nwaivers:\n- >+\n a\n\n...\n", "? waivers\n: - a\n", "waivers: !!seq\n- a\n", "waivers: 'a\n\n  # b'\n", "\"waivers\": ~\r\na: b\r\n", "a: *b\n", "waivers:\n  -\n    - a\n", "waivers:\n\t- a\n",
		"waivers: [a, [b], \"]\"]\n", "waivers: [\n]\n", "waivers: null # a\n \nb: |\n\n # c\n",
	} {
		f.Add(text, "unused-token", "a: b")
	}
	f.Fuzz(func(t *testing.T, text, first, second string) {
		if len(text) > 4096 || !utf8.ValidString(first) || !utf8.ValidString(second) {
			t.Skip()
		}
		e := entries.Entry{{Key: "rule", Value: first}, {Key: "reason", Value: second}}
		for _, plain := range []string{"waivers: []\n", "waivers: [{a: b}]\n"} {
			if _, _, err := entries.Add([]byte(plain), "waivers", e); err != nil {
				t.Fatalf("%q is refused: %v", e, err)
			}
		}
		out, line, err := entries.Add([]byte(text), "waivers", e)
		if err != nil {
			if refused := (*entries.RefusedError)(nil); !errors.As(err, &refused) {
				t.Fatal(err)
			}
			return
		}
		var before, after map[any]any
		if err := yaml.Unmarshal([]byte(text), &before); err != nil {
			return // such as an alias that contains itself: the nodes were compared
		}
		if err := yaml.Unmarshal(out, &after); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		list, _ := after["waivers"].([]any)
		if len(list) == 0 || line < 1 {
			t.Fatalf("no entry at line %d in\n%s", line, out)
		}
		added, _ := list[len(list)-1].(map[string]any)
		if s, ok := added["reason"].(string); len(added) != 2 || ok && s != second {
			t.Fatalf("the entry is %v in\n%s", added, out)
		}
		if was, ok := before["waivers"].([]any); ok && len(was) > 0 {
			after["waivers"] = list[:len(list)-1]
		} else {
			delete(before, "waivers")
			delete(after, "waivers")
		}
		// As texts: a NaN is not equal to itself.
		if want, got := fmt.Sprintf("%#v", before), fmt.Sprintf("%#v", after); want != got {
			t.Fatalf("was %s\nis %s\n%s", want, got, out)
		}
		rest := string(out)
		for _, c := range comment.FindAllString(text, -1) {
			_, behind, found := strings.Cut(rest, c)
			if !found {
				t.Fatalf("the comment %q is lost in\n%s", c, out)
			}
			rest = behind
		}
	})
}
