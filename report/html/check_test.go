//go:build unix

package html

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/report/baseline"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

var (
	axeScript = flag.String("axe", "", "the file axe.min.js, to look for what shuts people out")
	demoPage  = flag.String("demo-page", "", "the page of the demo, to look at it, too")
)

// pages returns how many pages the page has on paper of a size in inches.
func (b *browser) pages(width, height float64) int {
	b.Helper()
	var pdf struct{ Data []byte }
	b.call("Page.printToPDF", map[string]any{"printBackground": true, "paperWidth": width, "paperHeight": height}, &pdf)
	return len(regexp.MustCompile(`/Type\s*/Page\b`).FindAll(bytes.TrimSpace(pdf.Data), -1))
}

// On paper the page is a report: no controls, a line for each token with findings, and the
// method on a page of its own.
func checkPaper(b *browser) {
	b.open(savePage(b.T, reporttest.Sample()), 1300)
	if n := b.pages(8.27, 11.69); n < 2 || n > 4 {
		b.Errorf("%d pages", n)
	}
	b.expect("after printing", `document.querySelectorAll("#paper tr").length`, "0")
	b.call("Emulation.setEmulatedMedia", map[string]any{"media": "print"}, nil)
	b.eval(`dispatchEvent(new Event("beforeprint"))`)
	b.picture("print.png")
	b.expect("the tokens", `[...document.querySelectorAll("#paper tbody tr")].map((tr) => tr.cells[1].textContent + ": " + tr.cells[2].textContent).join("\n")`, strings.Join([]string{
		`Full-access API token · shopdatocms/projects/77/access_tokens/400: critical: delivery-token-can-write`,
		`Importer · shopdatocms/projects/77/access_tokens/312: high, waived: write-token-never-expires`,
		`CI · unknownterraform/web/contentful_personal_access_token.ci%5B%22a%22%5D: high: write-token-never-expires`,
		`Ann's laptop · web, Ann (person)contentful/organizations/o1/access_tokens/p1: medium: unused-token`,
		`Website · webcontentful/spaces/abc123/api_keys/6gv: medium: delivery-token-one-environment`,
		`Blog · shopdatocms/projects/77: low: token-limit-near`,
	}, "\n"))
	for _, hidden := range []string{"nav", ".controls", ".rows", "#control-ids", ".opener"} {
		b.expect(hidden+" on paper", `[...document.querySelectorAll("`+hidden+`")].every((e) => !e.getClientRects().length)`, "true")
	}
	b.expect("the method begins a page", `getComputedStyle(document.getElementById("method")).breakBefore`, "page")
	b.eval(`(() => { const i = document.querySelector("#findings input"); i.value = "importer"; i.dispatchEvent(new Event("input")); dispatchEvent(new Event("beforeprint")); })()`)
	b.expect("what the filter lets through", `document.querySelectorAll("#paper tbody tr").length + " " + document.querySelector("#paper p").textContent`, "1 Filtered: 1 of 6 findings.")
}

// The demo is at most ten pages on A4 and on letter paper, and fits a phone.
func checkDemo(b *browser) {
	if *demoPage == "" {
		b.Skip("-demo-page names no page")
	}
	b.open(*demoPage, 1300)
	for _, height := range []float64{11.69, 11} {
		if n := b.pages(8.27, height); n > 10 {
			b.Errorf("%d pages", n)
		}
	}
	b.expect("a label of the blast radius that a line crosses", struck, "")
	b.open(*demoPage, 400)
	b.expect("sideways scrolling on a phone", sideways, "false")
}

// axe-core finds nothing serious, in light and dark, wide and narrow, with rows open.
func checkAxe(b *browser) {
	if *axeScript == "" {
		b.Skip("-axe names no script")
	}
	axe, err := os.ReadFile(*axeScript)
	if err != nil {
		b.Fatal(err)
	}
	r := reporttest.Readable(reporttest.Sample())
	before := reporttest.Readable(reporttest.Sample())
	r.Findings, before.Findings = r.Findings[1:], before.Findings[:4]
	if err := baseline.Compare(r, before, false); err != nil {
		b.Fatal(err)
	}
	sample := savePage(b.T, r)
	developed, alone := savePageWith(b.T, r, withTrend()), saveTrend(b.T)
	for _, look := range []struct {
		page   string
		width  int
		scheme string
	}{
		{sample, 1300, "light"}, {sample, 1300, "dark"}, {sample, 400, "light"}, {sample, 400, "dark"},
		{developed, 1300, "light"}, {developed, 400, "dark"}, {alone, 1300, "dark"}, {alone, 400, "light"}, {*demoPage, 1300, "light"}, {*demoPage, 400, "dark"},
	} {
		if look.page == "" {
			continue
		}
		b.open(look.page+"#findings&controls=shown", look.width, look.scheme)
		b.eval(`document.querySelectorAll("#findings .opener, #inventory .opener").forEach((opener, i) => { if (i < 8) opener.click(); })`)
		b.eval(`document.querySelectorAll("details").forEach((more) => { more.open = true; })`)
		b.eval(`document.querySelectorAll(".waiver button").forEach((button) => button.click())`)
		b.eval(string(axe) + "; undefined")
		b.complain(look.page, look.width, look.scheme)
	}
}

// The trend fits a page, a phone and paper, in the report and alone.
func checkTrend(b *browser) {
	for name, path := range map[string]string{"report": savePageWith(b.T, reporttest.Sample(), withTrend()), "alone": saveTrend(b.T)} {
		for _, look := range []struct {
			width  int
			scheme string
		}{{1300, "light"}, {400, "dark"}} {
			b.open(path, look.width, look.scheme)
			b.eval(`document.querySelectorAll("#trend details").forEach((more) => { more.open = true; })`)
			b.picture(fmt.Sprintf("trend-%s-%d-%s.png", name, look.width, look.scheme))
			b.expect("sideways scrolling", sideways, "false")
			b.expect("the color of a bar and of its legend", `getComputedStyle(document.querySelector("#trend rect.high")).fill + " " + getComputedStyle(document.querySelector("#trend i.high")).backgroundColor`,
				map[string]string{"light": "rgb(184, 63, 18) rgb(184, 63, 18)", "dark": "rgb(255, 143, 92) rgb(255, 143, 92)"}[look.scheme])
		}
		if n := b.pages(8.27, 11.69); n > 6 {
			b.Errorf("%s: %d pages", name, n)
		}
		b.call("Emulation.setEmulatedMedia", map[string]any{"media": "print"}, nil)
		b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 720, "height": 1000, "deviceScaleFactor": 1, "mobile": false}, nil)
		b.eval(`dispatchEvent(new Event("beforeprint"))`)
		b.expect("what is wider than paper", `[...document.querySelectorAll("#trend svg, #trend table")].filter((e) => e.getBoundingClientRect().right > innerWidth).length`, "0")
		b.picture("trend-" + name + "-print.png")
	}
}

// saveTrend writes the page of history trend.
func saveTrend(t *testing.T) string {
	t.Helper()
	var page bytes.Buffer
	if err := aYear().WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "trend.html")
	if err := os.WriteFile(path, page.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// complain reports what axe finds in the page that is open.
func (b *browser) complain(page string, width int, scheme string) {
	b.Helper()
	var violations []struct {
		ID, Impact, Help string
		Nodes            []struct {
			HTML, FailureSummary string
		}
	}
	if err := json.Unmarshal([]byte(b.eval(`axe.run({ resultTypes: ["violations"] }).then((result) => JSON.stringify(result.violations))`)), &violations); err != nil {
		b.Fatal(err)
	}
	for _, v := range violations {
		if v.Impact == "serious" || v.Impact == "critical" {
			b.Errorf("%s, %d wide, %s: %s: %s, at %d places, such as %s\n%s", page, width, scheme, v.ID, v.Help, len(v.Nodes), v.Nodes[0].HTML, v.Nodes[0].FailureSummary)
		}
	}
}

// Twenty thousand tokens and a thousand findings stay readable: a page of rows
// at a time, and all findings on paper.
func checkSize(b *browser) {
	sources := reporttest.LargeSources(40, 500)
	for i := range sources {
		kept := sources[i].Result.Verdicts[:0]
		for j, v := range sources[i].Result.Verdicts {
			if j%20 == 0 {
				kept = append(kept, v)
			}
		}
		sources[i].Result.Verdicts = kept
	}
	b.open(savePage(b.T, reporttest.Build(reporttest.SampleOptions(), sources)), 1300)
	b.picture("large.png")
	b.expect("findings", rowCount+` + ": " + `+counter, "100: 1–100 of 1,000")
	b.expect("tokens", `document.querySelector("#inventory .count").textContent`, "1–100 of 20,000")
	b.eval(`[...document.querySelectorAll("#findings .controls button")].at(-1).click()`)
	b.expect("the page of the address", `location.hash`, "#findings&findings.page=2")
	b.expect("the next page", counter, "101–200 of 1,000")
	b.eval(`(() => { const i = document.querySelector("#inventory input"); i.value = "Project 7 token"; i.dispatchEvent(new Event("input")); })()`)
	b.expect("rows drawn", `document.querySelectorAll("tr.row").length <= 200`, "true")
	b.eval(`dispatchEvent(new Event("beforeprint"))`)
	b.expect("tokens on paper", `document.querySelectorAll("#paper tbody tr").length`, "1000")
	b.eval(`dispatchEvent(new Event("afterprint"))`)
	b.expect("after printing", `document.querySelectorAll("#paper tr").length + " " + `+rowCount, "0 100")
}

// Hostile names stay text in the browser, in the tables and in the rows that open.
func checkHostile(b *browser) {
	b.open(savePage(b.T, reporttest.Hostile()), 1300)
	b.picture("hostile.png")
	b.eval(`dispatchEvent(new Event("beforeprint"))`)
	b.eval(`document.querySelectorAll("tr.row").forEach((row) => row.click())`)
	b.expect("scripts", `document.querySelectorAll("script").length`, "2")
	b.expect("foreign elements", `document.querySelectorAll("img, iframe, object, embed, form, link, base, svg script, svg a:not([href^='#']), [onerror], [onload], [onclick], [style]").length`, "0")
	b.expect("addresses", `[...document.querySelectorAll("a[href]")].filter((a) => !/^(https:|#|file:)/.test(a.href.baseVal ?? a.href)).length`, "0")
	b.expect("sideways scrolling", sideways, "false")
	b.expect("a label of the blast radius that a line crosses", struck, "")
}
