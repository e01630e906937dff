//go:build unix

package html

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/baseline"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

const (
	follow     = `document.querySelector(%q).click()`
	opened     = `[...document.querySelectorAll("tr.detail")].map((tr) => tr.previousSibling.id).join(" ")`
	inSight    = `(() => { const r = document.getElementById(%q).getBoundingClientRect(); return r.bottom > 0 && r.top < innerHeight; })()`
	chosen     = `[...document.querySelectorAll("#%s select")].filter((s) => s.value && s.getAttribute("aria-label") !== "Group by").map((s) => s.getAttribute("aria-label") + "=" + s.value).join(" ")`
	tokenCount = `document.querySelector("#inventory .count").textContent`
)

// What the tables show is in the address, is restored from it, and survives links; a link
// that filters a table changes that table alone.
func checkAddress(b *browser) {
	r := reporttest.Sample()
	path := savePage(b.T, r)

	b.open(path+"#findings.q=importer", 1300)
	b.expect("an address with a text", rowCount, "1")
	b.open(path+"#findings&findings.severity=high&findings.status=open&findings.sort=token&findings.dir=down&inventory.can=write&controls=shown", 1300)
	b.expect("the filters", fmt.Sprintf(chosen, "findings")+` + "; " + `+fmt.Sprintf(chosen, "inventory"), "Severity=high Status=open; Can=write")
	b.expect("the order", `document.querySelector("#findings th[aria-sort]").textContent + document.querySelector("#findings th[aria-sort]").getAttribute("aria-sort")`, "Tokendescending")
	b.expect("the rows", rowCount+` + " " + `+tokenCount, "1 1–4 of 4 (8 in all)")
	b.expect("the place", fmt.Sprintf(inSight, "findings"), "true")
	b.expect("the controls", `document.getElementById("control-ids").getAttribute("aria-pressed")`, "true")

	b.eval(fmt.Sprintf(follow, `nav a[href="#rules"]`))
	b.expect("the filters after a link", fmt.Sprintf(chosen, "findings")+` + " " + location.hash`,
		"Severity=high Status=open #rules&findings.severity=high&findings.status=open&findings.sort=token&findings.dir=down&inventory.can=write&controls=shown")
	b.expect("the place of the link", fmt.Sprintf(inSight, "rules"), "true")
	b.eval(fmt.Sprintf(follow, ".tile.critical a"))
	b.expect("the tile", fmt.Sprintf(chosen, "findings")+` + "; " + `+fmt.Sprintf(chosen, "inventory")+` + "; " + `+firstName, "Severity=critical Status=open; Can=write; Full-access API token")
	b.eval(`new Promise((done) => { addEventListener("hashchange", () => setTimeout(done), { once: true }); history.back(); })`)
	b.expect("back", fmt.Sprintf(chosen, "findings"), "Severity=high Status=open")
	b.eval(fmt.Sprintf(follow, "#findings .clear"))
	b.expect("cleared", rowCount+` + " " + document.querySelector("#findings .clear").hidden + " " + `+fmt.Sprintf(chosen, "inventory"), "6 true Can=write")

	for what, address := range map[string]string{"a value that no row has": "#findings.rule=gone", "what cannot be decoded": "#%E0%A4%A&findings.rule=%E0%A4", "an exact filter": "#findings.token=gone"} {
		b.open(path+address, 1300)
		b.expect(what, rowCount, "0")
	}
	b.open(path, 1300)
	b.eval(`history.replaceState = history.pushState = () => { throw new DOMException("too often", "SecurityError"); }`)
	b.eval(fmt.Sprintf(follow, ".tile.critical a"))
	b.expect("where the browser refuses an address", rowCount, "1")
	b.open(path+"#findings.page=99&findings.sort=constructor&inventory.page=-3", 1300)
	b.expect("nonsense", rowCount+` + " " + `+tokenCount, "6 1–8 of 8")
}

// Every tile, row and cell that counts something leads to what it counts.
func checkLinks(b *browser) {
	r := reporttest.Readable(reporttest.Sample())
	before := reporttest.Readable(reporttest.Sample())
	gone := new(*before.Findings[5])
	gone.Fingerprint = "gone"
	before.Findings = append(before.Findings[2:5], gone)
	if err := baseline.Compare(r, before, false); err != nil {
		b.Fatal(err)
	}
	b.open(savePage(b.T, r), 1300)
	b.eval(`globalThis.wrong = [...document.querySelectorAll(".tile a, #rules td.n a, .matrix td a, #time p a")].flatMap((a) => {
		a.click();
		const count = (a.querySelector("b") || a).textContent.match(/\d+/)[0], place = a.getAttribute("href").match(/^#(\w+)/)[1];
		if (place === "gaps") return [];
		const said = document.querySelector("#" + place + " .count").textContent;
		return said.match(/of (\d+)/)[1] === count && !said.startsWith("none") ? [] : [a.outerHTML + " leads to " + said];
	})`)
	b.expect("links", `document.querySelectorAll(".tile a").length > 6 && document.querySelectorAll("#rules td.n a, .matrix td a").length > 10`, "true")
	b.expect("wrong links", `wrong.join("; ")`, "")
	b.expect("places that are missing", `[...document.querySelectorAll('a[href^="#"]')].map((a) => a.getAttribute("href").slice(1).split("&")[0]).filter((id) => !/^(finding|token)-/.test(id) && !document.getElementById(id)).join(" ")`, "")
}

// Every finding and every token has an address, which opens it whatever the filters say.
func checkAnchors(b *browser) {
	source := reporttest.SampleSource("datocms", "datocms/projects/7", inventory.KindProject, "Blog", reporttest.Complete("access_tokens"))
	var verdicts []policies.Verdict
	for i := range 130 {
		token := reporttest.SampleToken(source, inventory.Management, fmt.Sprintf("access_tokens/%d a&b=c%%41#d", i), fmt.Sprintf("Token %d", i))
		source.Tokens = append(source.Tokens, token)
		verdicts = append(verdicts, policies.Verdict{Rule: "write-token-never-expires", Status: policies.Fail, Token: token.ID, Message: "it never expires"})
	}
	r := reporttest.Build(reporttest.SampleOptions(), []reporttest.Judged{reporttest.Judge(source, reporttest.SampleRules(), verdicts...)})
	path := savePage(b.T, r)
	f, token := r.Findings[len(r.Findings)-1], source.Tokens[42]

	b.open(path+"#finding-"+f.Fingerprint+"&findings.q=nothing+like+it", 1300)
	b.expect("the finding", opened, "finding-"+f.Fingerprint)
	b.expect("in sight", fmt.Sprintf(inSight, "finding-"+f.Fingerprint), "true")
	b.eval(fmt.Sprintf(follow, "#findings .detail a[href^='#token-']"))
	b.expect("from a finding to its token", opened, "finding-"+f.Fingerprint+" token-"+f.Token)
	b.open(path+"#token-"+strings.ReplaceAll(url.QueryEscape(token.ID), "+", "%20"), 1300)
	b.expect("the token", opened, "token-"+token.ID)
	b.expect("the token in sight", fmt.Sprintf(inSight, "token-"+token.ID), "true")
	b.eval(fmt.Sprintf(follow, "#inventory .detail a[href^='#finding-']"))
	b.expect("from a token to its finding", `document.querySelector("#findings .detail dd:nth-of-type(3)").textContent + " " + document.querySelector("#findings tr.target .id").textContent`, "in the inventory "+token.ID)
	b.eval(`document.querySelector(".flow a").dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }))`)
	b.expect("from the blast radius", `document.querySelector("#inventory tr.target .name").textContent === document.querySelector(".flow a").textContent`, "true")
	b.eval(`document.querySelector("#worst a.name").click()`)
	b.expect("from what to fix first", `document.querySelector("#inventory tr.target .name").textContent === document.querySelector("#worst a.name").textContent`, "true")
	b.eval(`document.querySelector("#inventory tr.target td[data-label=Findings] a").click()`)
	b.expect("the findings of a token", rowCount+` + " " + document.querySelector("#findings .chip").hidden`, "1 false")
	b.eval(fmt.Sprintf(follow, "#findings .chip"))
	b.expect("all findings again", counter, "1–100 of 130")
	b.expect("twice the same id", `(() => { const ids = [...document.querySelectorAll("[id]")].map((e) => e.id); return ids.length - new Set(ids).size; })()`, "0")
}

// Owner, team, labels and risk are columns, filters, and found by text.
func checkColumns(b *browser) {
	b.open(savePage(b.T, reporttest.Sample()), 1300)
	heads := `[...document.querySelectorAll("#%s thead button")].map((button) => button.textContent).join(", ")`
	b.expect("the columns of the findings", fmt.Sprintf(heads, "findings"), "Severity, Risk, Token, What is wrong, Owner, Team, Labels")
	b.eval(`document.querySelector("#inventory .opener").click()`)
	b.expect("what the risk is made of", `[...document.querySelectorAll("#inventory .detail li")].map((li) => li.textContent).length > 1 && document.querySelector("#inventory .detail li").textContent.startsWith("25: ")`, "true")
	b.expect("the columns of the inventory", fmt.Sprintf(heads, "inventory"), "Risk, Token, Can, Owner, Team, Labels, Age, Expires, Last used, Environments, Findings")
	for _, table := range []string{"findings", "inventory"} {
		for filter, value := range map[string]string{"Owner": "Ann (person)", "Team": "shop", "Label team": "shop", "Risk": "low"} {
			b.eval(fmt.Sprintf(choose, table, filter, value))
			cells := fmt.Sprintf(`[...document.querySelectorAll("#%s td[data-label='%s']")]`, table, strings.Fields(strings.Replace(filter, "Label team", "Labels", 1))[0])
			b.expect(table+" by "+filter, cells+`.length > 0 && `+cells+fmt.Sprintf(`.every((td) => td.textContent.includes(%q))`, value), "true")
			b.eval(fmt.Sprintf(choose, table, filter, ""))
		}
	}
	b.eval(fmt.Sprintf(typeIn, "ann (person)"))
	b.expect("found by the owner", rowCount, "1")
	b.eval(fmt.Sprintf(typeIn, "shop"))
	b.expect("found by the team", rowCount+` > 0`, "true")

	groups := `[...document.querySelectorAll("#findings tr.group")].map((tr) => tr.textContent).join("; ")`
	for by, want := range map[string]string{
		"rule": "", "owner": "shop (3); unknown (1); web (2)", "cms": "contentful (2); datocms (3); terraform (1)", "label:env": "prod (3); without label env (3)",
		"token": "CI  terraform/web/contentful_personal_access_token.ci%5B%22a%22%5D (1); Full-access API token  datocms/projects/77/access_tokens/400 (1); Importer  datocms/projects/77/access_tokens/312 (1); " +
			"Ann's laptop  contentful/organizations/o1/access_tokens/p1 (1); Website  contentful/spaces/abc123/api_keys/6gv (1); Blog  datocms/projects/77 (1)",
	} {
		b.open(savePageWith(b.T, reporttest.Sample(), format.Options{Gate: report.DefaultGate(), GroupBy: by}), 1300)
		b.expect("grouped by "+by, groups, want)
		b.eval(fmt.Sprintf(choose, "findings", "Group by", "cms"))
		b.expect("grouped otherwise", groups, "contentful (2); datocms (3); terraform (1)")
		b.expect("in the address", `location.hash.includes("findings.group=cms")`, fmt.Sprint(by != "cms"))
	}

	b.expect("control ids at first", `getComputedStyle(document.querySelector(".control-ids")).display`, "none")
	b.eval(`document.getElementById("control-ids").click()`)
	b.expect("control ids", `getComputedStyle(document.querySelector(".control-ids")).display + document.querySelector(".control-ids").textContent.includes("NHI") + document.getElementById("control-ids").getAttribute("aria-pressed")`, "inlinetruetrue")
	b.expect("kept in the address", `location.hash.includes("controls=shown")`, "true")
	b.eval(`document.getElementById("control-ids").click()`)
	b.expect("control ids hidden again", `getComputedStyle(document.querySelector(".control-ids")).display + location.hash.includes("controls")`, "nonefalse")
}

// A token whose risk is not certain is found by what it could be.
func TestHTMLRiskTiles(t *testing.T) {
	r := reporttest.Sample()
	counted, could := map[string]string{}, map[string]string{}
	for _, tile := range riskTiles(r) {
		counted[tile.Label] = tile.Count
		if tile.More != "" {
			could[tile.MoreValue] = tile.More
		}
	}
	if want := r.Risk(); counted["low"] != fmt.Sprint(want.Certain.Low) || counted["severe"] != fmt.Sprint(want.Certain.Severe) {
		t.Errorf("tiles %v of %+v", counted, want)
	}
	uncertain := 0
	for i := range r.Tokens {
		if s := r.Tokens[i].Risk; s.Band != s.MaxBand {
			uncertain++
		}
	}
	if uncertain == 0 || len(could) == 0 {
		t.Errorf("%d tokens of a risk that is not certain, tiles %v", uncertain, could)
	}
	if tiles := riskTiles(&report.Report{}); tiles != nil {
		t.Errorf("tiles without a risk: %v", tiles)
	}
}
