package config_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config/template"
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/builtin"
)

func TestTemplateParses(t *testing.T) {
	for name, definitions := range map[string][]collectors.Definition{"fictional": definitions(), "built-in": builtin.Definitions()} {
		for _, present := range []bool{false, true} {
			text, found := template.Text(definitions, func(string) bool { return present })
			c, err := config.Parse("tokenaudit.yaml", []byte(text), definitions)
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, text)
			}
			want := 0
			if present {
				want = withSecret(definitions)
			}
			if len(c.Sources) != want || len(found) < want {
				t.Errorf("%s, variables set: %v: %d sources, variables %v", name, present, len(c.Sources), found)
			}
		}
	}
}

// withSecret counts the definitions that take a credential: only their entries
// can be recognised by a variable that is set.
func withSecret(definitions []collectors.Definition) int {
	n := 0
	for _, d := range definitions {
		if slices.ContainsFunc(d.Options, isSecret) {
			n++
		}
	}
	return n
}

func isSecret(o collectors.Option) bool {
	return o.Type == collectors.OptionSecret || slices.ContainsFunc(o.Items, isSecret)
}

// TestTemplateCommentsAreExamples: what is commented out must be right as soon
// as somebody removes the comment marks.
func TestTemplateCommentsAreExamples(t *testing.T) {
	text, _ := template.Text(definitions(), func(string) bool { return false })
	example := regexp.MustCompile(`^\s*# +(#|- |[a-z_-]+:( |$))`)
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if example.MatchString(line) {
			line = strings.Replace(line, "# ", "", 1)
		}
		lines = append(lines, line)
	}
	c, err := config.Parse("tokenaudit.yaml", []byte(strings.Join(lines, "\n")), definitions())
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(lines, "\n"))
	}
	if len(c.Sources) != 2 || len(c.Waivers) != 1 || len(c.AcceptGaps) != 2 || len(c.Reviews) != 1 || len(c.Settings.Rules) != 2 {
		t.Errorf("got %+v", c)
	}
	if c.Deadlines == nil || len(c.Deadlines.Severity) != 3 || len(c.Deadlines.Rules) != 1 || c.Store.File != "tokenaudit.db" || len(c.Notify) != 2 {
		t.Errorf("deadlines %+v, store %+v, %d targets of messages", c.Deadlines, c.Store, len(c.Notify))
	}
}

func TestTemplateTakesTheVariableThatIsSet(t *testing.T) {
	text, found := template.Text(definitions(), func(name string) bool { return name == "PAPER_OAUTH_TOKEN" })
	if !slices.Equal(found, []string{"PAPER_OAUTH_TOKEN"}) {
		t.Errorf("found %v", found)
	}
	if !strings.Contains(text, "\n    oauth_token: {env: PAPER_OAUTH_TOKEN}\n") || !strings.Contains(text, "\n    # token: {env: PAPER_TOKEN}\n") {
		t.Errorf("the entry does not use it:\n%s", text)
	}
}

// A variable that is set is used, also where it belongs to an item of a list.
func TestTemplateTakesTheVariableOfAnItem(t *testing.T) {
	text, _ := template.Text(builtin.Definitions(), func(name string) bool { return name == "CONTENTSTACK_API_KEY" })
	for _, want := range []string{"\n    stacks:\n", "\n      - api_key: {env: CONTENTSTACK_API_KEY}\n", "\n    # organization: blt"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// CMSes, which take a credential, stand before programs and plans.
func TestTemplateBeginsWithWhatTakesACredential(t *testing.T) {
	text, _ := template.Text([]collectors.Definition{
		{CMS: "abacus", Title: "Abacus", Options: []collectors.Option{{Key: "run", Type: collectors.OptionStrings}}},
		{CMS: "zither", Title: "Zither", Options: []collectors.Option{{Key: "token", Type: collectors.OptionSecret}}},
	}, func(string) bool { return false })
	if program, cms := strings.Index(text, "cms: abacus"), strings.Index(text, "cms: zither"); cms < 0 || program < cms {
		t.Errorf("the program is at %d, the CMS at %d", program, cms)
	}
}
