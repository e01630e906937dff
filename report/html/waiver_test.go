//go:build unix

package html

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// A waiver is copied as YAML that says what the finding says, whatever its names are; what
// the page does not have as it is, it does not offer to waive.
func checkWaivers(b *browser) {
	r := reporttest.Hostile()
	for i, name := range reporttest.HostileNames() {
		// Texts that go through the page as they are must go through YAML as well.
		f := new(*r.Findings[i])
		f.Fingerprint, f.Status, f.Rule, f.Source, f.Token, f.Key = fmt.Sprintf("visible-%d", i), policies.Fail, "some-rule", "source", htmlText("token "+name), htmlText(name)
		r.Findings = append(r.Findings, f)
	}
	b.open(savePage(b.T, r), 1300)
	b.eval(`Object.defineProperty(navigator, "clipboard", { value: { writeText: (text) => { globalThis.copied = text; return Promise.resolve(); } } })`)
	var got map[string]string
	answer := b.eval(`(() => {
		const all = {};
		for (;;) {
			for (const row of document.querySelectorAll("#findings tr.row")) {
				row.querySelector(".opener").click();
				const button = row.nextSibling.querySelector(".waiver button");
				if (button) { button.click(); all[row.id.replace("finding-", "")] = copied; }
			}
			const next = [...document.querySelectorAll("#findings .controls button")].at(-1);
			if (next.disabled || next.hidden) return JSON.stringify(all);
			next.click();
		}
	})()`)
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		b.Fatal(err)
	}
	visible := 0
	for _, f := range r.Findings {
		entry, offered := got[f.Fingerprint]
		if want := waiverKey(f) != nil; offered != want {
			b.Errorf("%q: a waiver is offered: %t, want %t", f.Subject(), offered, want)
		}
		if !offered {
			continue
		}
		visible++
		expectEntry(b.T, f, entry)
	}
	if visible < 80 {
		b.Errorf("%d waivers", visible)
	}
	b.expect("said", `[...document.querySelectorAll(".waiver [role=status]")].at(-1).textContent`, "Copied. Fill in the empty values: the configuration is refused without them.")
}

func expectEntry(t *testing.T, f *report.Finding, entry string) {
	t.Helper()
	var config struct{ Waivers []map[string]string }
	if err := yaml.Unmarshal([]byte("waivers:\n"+entry), &config); err != nil || len(config.Waivers) != 1 {
		t.Errorf("%q: %v\n%s", f.Subject(), err, entry)
		return
	}
	want := map[string]string{"rule": f.Rule, "token": f.Subject(), "reason": "", "owner": "", "approved_by": "", "expires": ""}
	if f.Key != "" {
		want["key"] = f.Key
	}
	if fmt.Sprint(config.Waivers[0]) != fmt.Sprint(want) {
		t.Errorf("%q: %q, want %q", f.Subject(), config.Waivers[0], want)
	}
	if strings.ContainsFunc(entry, func(r rune) bool { return r != '\n' && r < ' ' }) {
		t.Errorf("%q has a control character", entry)
	}
}

// Where the browser does not let the page copy, the text is there to be copied by hand.
func checkWithoutClipboard(b *browser) {
	b.open(savePage(b.T, reporttest.Sample()), 1300)
	b.eval(`Object.defineProperty(navigator, "clipboard", { value: undefined }); document.execCommand = () => false`)
	b.eval(`document.querySelector("#findings .opener").click()`)
	b.eval(`document.querySelector("#findings .waiver button").click()`)
	b.expect("selected", `getSelection().toString().trim() === document.querySelector(".waiver pre").textContent.trim() && getSelection().toString().includes("- rule:")`, "true")
	b.expect("said", `document.querySelector(".waiver [role=status]").textContent`, "The browser does not let the page copy: copy the selected text.")
}

func TestWaiverKey(t *testing.T) {
	for want, f := range map[string]*report.Finding{
		"":        {Rule: "r", Token: "t", Status: policies.Fail},
		"k":       {Rule: "r", Source: "s", Status: policies.Fail, Key: "k"},
		"waived":  {Rule: "r", Token: "t", Status: policies.Waived},
		"gone":    {Rule: "r", Token: "t", Status: policies.Fail, Resolution: "fixed"},
		"glob":    {Rule: "r", Token: "t*", Status: policies.Fail},
		"cut":     {Rule: "r", Token: strings.Repeat("t", htmlMaxText+1), Status: policies.Fail},
		"escaped": {Rule: "r", Token: "t", Status: policies.Fail, Key: "a\u202eb"},
	} {
		key := waiverKey(f)
		if offered := want == "" || want == "k"; (key != nil) != offered || offered && *key != want {
			t.Errorf("%s: %v", want, key)
		}
	}
}
