package reporttest

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// HostileNames are names that somebody gave a token to harm whoever reads of it.
func HostileNames() []string {
	return []string{
		// terminals
		"\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b]8;;https://evil.example\x07click\x1b]8;;\x07", "\u009b31mC1", "back\b\b\bspace", "bell\a", "del\x7f", "nul\x00byte",
		// lines
		"line\nbreak", "carriage\rreturn", "crlf\r\nline", "tab\tbed", "vertical\vform\f", "line\u2028para\u2029end", "next\u0085line",
		// CI commands
		"::error file=a.go,line=1::owned", "\n::set-output name=x::y", "  ::warning::spaced", "##[error]owned", "##vso[task.setvariable variable=x]y",
		"##teamcity[buildStatus text='x']", "x ##[add-mask]y", "::stop-commands::t", "section_start:1:x\r\x1b[0Khidden",
		// Markdown
		"| a | b |", "a\\|b", "\\", "`code`", "```\nfence\n```", "**bold**", "[link](javascript:alert(1))", "![img](https://evil.example/x.png)", "# heading", "- list",
		"> quote", "<!-- comment -->", "~~~", "@everyone", "@octocat #1 GH-1 !7", "https://evil.example/phish", "www.evil.example", "$\\rm math$", ":rocket:", "&lt;b&gt;",
		// HTML
		"<script>alert(1)</script>", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>", "'; alert(1); '",
		"javascript:alert(1)", "{{7*7}}", "${7*7}", "]]>", "<![CDATA[x]]>", "&xxe;", "--></style><b>",
		// spreadsheets
		"=1+1", "=HYPERLINK(\"https://evil.example\")", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", " =1+1", "\u00a0=1+1", "＝1+1", "|calc", "%x", "a,b", "a;b", "a\"b", "\"=1+1\"",
		// what cannot be seen
		"admin\u202egnp.exe", "\u2066isolate\u2069", "left\u200eright\u200f", "zero\u200bwidth\u200d\u200c", "\ufeffbom", "soft\u00adhyphen", "tag\U000e0041\U000e0042",
		"filler\u3164\u115f", "private\ue000", "\ufffe", "\uffff",
		// encodings and other languages
		"bad\xffutf8\xc3\x28", "\xed\xa0\x80", strings.Repeat("e\u0301", 30), "Z" + strings.Repeat("\u0335", 200), "日本語のトークン", "👩‍👩‍👧‍👦 family", "عربى",
		// templates, paths, metrics
		"{0} {1} {}", "%s %d %n", "C:\\Windows\\system32", "../../etc/passwd", "a{b=\"c\"} 1", "\"} 1\nevil_metric 1",
		// lengths
		"", " ", "   ", strings.Repeat("x", 10_000), strings.Repeat("名", 10_000), strings.Repeat("\u202e", 10_000), strings.Repeat("<", 10_000), strings.Repeat("`", 10_000),
	}
}

// Hostile has every hostile name wherever somebody else's text can be:
// names, messages, ids, reasons, details, labels, owners, addresses, evidence.
func Hostile() *report.Report {
	var all []Judged
	options := SampleOptions()
	for i, name := range HostileNames() {
		source := SampleSource("datocms", "datocms/projects/"+strings.Repeat("z", i/26)+string(rune('a'+i%26)), inventory.KindProject, name,
			Complete("access_tokens"), inventory.Unit{Name: "roles", Status: inventory.UnitFailed, Error: inventory.ErrUnreadable, Detail: name, Hint: name})
		source.Labels = map[string]string{"team": name}
		source.URL = name
		token := SampleToken(source, inventory.Management, "access_tokens/1", name)
		token.Description, token.URL, token.Role.Name = name, name, name
		token.Owner = inventory.Owner{Type: inventory.OwnerPerson, ID: name, Name: name, State: inventory.OwnerStateUnknown, Level: inventory.LevelUnknown, LastActive: unknownTime(name), Reason: name}
		token.Access.Grants = []string{name}
		token.Environments.Items[0].Name = name
		token.Address, token.Planned = name, inventory.PlannedCreate
		token.Origin = inventory.Origin{File: name, Line: 3}
		odd := SampleToken(source, inventory.Delivery, "access_tokens/x"+name, name)
		source.Tokens = []inventory.Token{token, odd}
		waived := policies.Verdict{Rule: "delivery-token-can-write", Status: policies.Waived, Token: odd.ID, Message: name}
		w := sampleWaiver
		w.Reason, w.Owner, w.ApprovedBy = name, name, name
		waived.Waiver = &w
		options.Waivers = append(options.Waivers, w)
		all = append(all, Judge(source, SampleRules(),
			policies.Verdict{Rule: "write-token-never-expires", Status: policies.Fail, Token: token.ID, Message: name, Evidence: map[string]any{name: []any{name}, "address": name}},
			policies.Verdict{Rule: "delivery-token-one-environment", Status: policies.Fail, Token: odd.ID, Key: name, Message: name},
			policies.Verdict{Rule: "token-limit-near", Status: policies.Fail, Message: name},
			policies.Verdict{Rule: "unused-token", Status: policies.NotEvaluated, Token: odd.ID, Reason: name},
			policies.Verdict{Rule: "delivery-token-can-write", Status: policies.Pass, Token: token.ID, Message: name},
			waived,
		))
		if name != "" {
			options.Teams = append(options.Teams, name)
			for k := range all[i].Result.Derived {
				all[i].Result.Derived[k].Team = name
			}
		}
		all[i].Result.Errors = []policies.RuleError{{Rule: "unused-token", Source: source.ID, Detail: name}}
	}
	slices.Sort(options.Teams)
	return Build(options, all)
}

func invisibleRune(r rune) bool { return r != '\n' && r != '\t' && !safetext.IsVisible(r) }

// Harm says what in a text could harm a terminal or a CI system, or "".
func Harm(text string) string {
	if !utf8.ValidString(text) {
		return "it is not UTF-8"
	}
	if i := strings.IndexFunc(text, invisibleRune); i >= 0 {
		r, _ := utf8.DecodeRuneInString(text[i:])
		return "it has an invisible " + safetext.EscapeRune(r)
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##") {
			return "a CI system would obey " + safetext.CutRunes(line, 20)
		}
	}
	return ""
}
