//go:build unix

package html

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// browser drives a headless Chromium over its debugging pipe: JSON messages,
// each ended by NUL, on file descriptors 3 and 4.
type browser struct {
	*testing.T
	in      *os.File
	out     *bufio.Reader
	id      int
	session string
	// loaded is how many pages were.
	loaded int
	// trouble is what the page complained about, and what it asked the network for.
	trouble []string
}

type browserMessage struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium")
	}
	readCommands, commands, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	events, writeEvents, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// Not t.TempDir: what is left of a dying browser may still write there, and
	// that is not a failure of the page.
	profile, err := os.MkdirTemp("", "tokenaudit-browser-")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir="+profile, "--remote-debugging-pipe")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.ExtraFiles = []*os.File{readCommands, writeEvents}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b := &browser{T: t, in: commands, out: bufio.NewReader(events)}
	t.Cleanup(func() {
		commands.Close()                                    // the browser ends when its pipe does
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // and so do its helpers
		_ = cmd.Wait()
		events.Close()
		_ = os.RemoveAll(profile)
	})
	readCommands.Close()
	writeEvents.Close()
	return b
}

// call sends a command and waits for its answer.
func (b *browser) call(method string, params map[string]any, result any) {
	b.Helper()
	b.id++
	message := map[string]any{"id": b.id, "method": method, "params": params}
	if b.session != "" {
		message["sessionId"] = b.session
	}
	document, err := json.Marshal(message)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := b.in.Write(append(document, 0)); err != nil {
		b.Fatal(err)
	}
	for {
		answer := b.next()
		if answer.ID != b.id {
			continue
		}
		if answer.Error != nil {
			b.Fatalf("%s: %s", method, answer.Error)
		}
		if result != nil {
			if err := json.Unmarshal(answer.Result, result); err != nil {
				b.Fatal(err)
			}
		}
		return
	}
}

// next reads one message and notes what it complains about.
func (b *browser) next() browserMessage {
	b.Helper()
	raw, err := b.out.ReadBytes(0)
	if err != nil {
		b.Fatalf("the browser is gone: %v", err)
	}
	var message browserMessage
	if err := json.Unmarshal(raw[:len(raw)-1], &message); err != nil {
		b.Fatal(err)
	}
	switch message.Method {
	case "Page.loadEventFired":
		b.loaded++
	case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded":
		b.trouble = append(b.trouble, message.Method+": "+safetext.CutRunes(string(message.Params), 500))
	case "Network.requestWillBeSent":
		var request struct{ Request struct{ URL string } }
		if err := json.Unmarshal(message.Params, &request); err != nil || !strings.HasPrefix(request.Request.URL, "file:") {
			b.trouble = append(b.trouble, "a request to "+request.Request.URL)
		}
	}
	return message
}

// open loads a page in place of the one before, and waits until it is there. The process of
// the page before goes on: to start one takes longer than to look at a page.
func (b *browser) open(path string, width int, media ...string) {
	b.Helper()
	if b.session == "" {
		b.attach()
	} else {
		b.navigate("about:blank") // an address that differs in its fragment alone loads nothing
	}
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": false}, nil)
	scheme := "light"
	if len(media) > 0 {
		scheme = media[0]
	}
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	b.navigate("file://" + path)
}

// attach opens a window, and is told what happens in it.
func (b *browser) attach() {
	b.Helper()
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.call(domain+".enable", nil, nil)
	}
}

func (b *browser) navigate(url string) {
	b.Helper()
	before := b.loaded
	b.call("Page.navigate", map[string]any{"url": url}, nil)
	for b.loaded == before {
		b.next()
	}
}

// eval runs an expression in the page and returns its value as text.
func (b *browser) eval(expression string) string {
	b.Helper()
	var answer struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &answer)
	if answer.ExceptionDetails != nil {
		b.Fatalf("%s: %s", expression, answer.ExceptionDetails)
	}
	return fmt.Sprint(answer.Result.Value)
}

// picture saves what the whole page looks like among the test's artifacts, where -artifacts
// keeps them: a picture of a long page takes seconds.
func (b *browser) picture(name string) {
	b.Helper()
	if kept := flag.Lookup("test.artifacts"); kept == nil || kept.Value.String() != "true" {
		return
	}
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true}, &shot)
	image, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil || len(image) < 10_000 {
		b.Fatalf("%s: %d bytes, %v", name, len(image), err)
	}
	if err := os.WriteFile(filepath.Join(b.ArtifactDir(), name), image, 0o644); err != nil {
		b.Fatal(err)
	}
}

func (b *browser) expect(what, expression, want string) {
	b.Helper()
	if got := b.eval(expression); got != want {
		b.Errorf("%s: %s is %q, want %q", what, expression, got, want)
	}
}

// savePage writes a page for the browser.
func savePage(t *testing.T, r *report.Report) string {
	t.Helper()
	return savePageWith(t, r, format.Options{Gate: report.DefaultGate()})
}

func savePageWith(t *testing.T, r *report.Report, o format.Options) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, renderedPage(t, r, o), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	rowCount  = `document.querySelectorAll("#findings tbody tr.row").length`
	firstName = `document.querySelector("#findings tbody tr.row .name").textContent`
	counter   = `document.querySelector("#findings .count").textContent`
	typeIn    = `(() => { const i = document.querySelector("#findings input"); i.value = %q; i.dispatchEvent(new Event("input")); })()`
	choose    = `(() => { const s = document.querySelector("#%s select[aria-label='%s']"); s.value = %q; s.dispatchEvent(new Event("change")); })()`
	pressHead = `document.querySelectorAll("#findings th button")[%d].click()`
	sideways  = `document.documentElement.scrollWidth > innerWidth`
)

// TestHTMLInABrowser looks at pages in one browser, which takes a while to start. A page
// complains of nothing, and asks the network for nothing.
func TestHTMLInABrowser(t *testing.T) {
	b := newBrowser(t)
	for _, check := range []struct {
		name string
		run  func(*browser)
	}{
		{"tables", checkTables}, {"labels", checkLabels}, {"columns", checkColumns}, {"address", checkAddress}, {"links", checkLinks}, {"anchors", checkAnchors},
		{"waivers", checkWaivers}, {"without clipboard", checkWithoutClipboard}, {"size", checkSize}, {"hostile", checkHostile}, {"paper", checkPaper}, {"trend", checkTrend}, {"demo", checkDemo}, {"axe", checkAxe},
	} {
		t.Run(check.name, func(t *testing.T) {
			b.T, b.trouble = t, nil
			check.run(b)
			for _, complaint := range b.trouble {
				t.Error(complaint)
			}
		})
	}
}

// struck names the labels of the blast radius that a line runs through, or that leave
// their box.
const struck = `(() => {
	const texts = [...document.querySelectorAll(".flow text.node")];
	const points = [...document.querySelectorAll(".flow path")].flatMap((path) => Array.from({ length: 41 }, (_, i) => path.getPointAtLength(path.getTotalLength() * i / 40)));
	return texts.filter((text) => {
		const t = text.getBBox(), box = text.previousElementSibling.getBBox();
		return t.x < box.x || t.x + t.width > box.x + box.width || points.some((p) => p.x > t.x && p.x < t.x + t.width && p.y > t.y && p.y < t.y + t.height);
	}).map((text) => text.textContent).join("; ");
})()`

// The page renders, sorts, filters and opens its rows.
func checkTables(b *browser) {
	path := savePage(b.T, reporttest.Sample())
	b.open(path, 1300)
	b.picture("light.png")
	b.expect("all findings", rowCount, "6")
	b.expect("the worst first", firstName, "Full-access API token")
	b.expect("counted", counter, "1–6 of 6")
	b.expect("the verdict", `document.querySelector(".verdict strong").textContent`, "fail")
	b.expect("the inventory", `document.querySelectorAll("#inventory tbody tr.row").length`, "8")
	b.expect("charts", `document.querySelectorAll("svg").length > 8`, "true")
	b.expect("sideways scrolling", `(`+sideways+`) + " " + [...document.querySelectorAll(".scroll")].filter((box) => box.scrollWidth > box.clientWidth).length`, "false 0")

	b.eval(fmt.Sprintf(typeIn, "importer DATOCMS"))
	b.expect("filtered by text", rowCount+` + " " + `+firstName, "1 Importer")
	b.expect("kept in the address", `location.hash`, "#findings&findings.q=importer+DATOCMS")
	b.eval(fmt.Sprintf(typeIn, "nothing like it"))
	b.expect("filtered to nothing", rowCount+` + " " + `+counter, "0 none of 6")
	b.eval(fmt.Sprintf(typeIn, ""))
	b.eval(fmt.Sprintf(choose, "findings", "Status", "waived"))
	b.expect("filtered by status", rowCount+` + " " + `+firstName, "1 Importer")
	b.eval(fmt.Sprintf(choose, "findings", "Status", ""))

	b.eval(fmt.Sprintf(pressHead, 2))
	b.expect("sorted by name", firstName, "Ann's laptop")
	b.eval(fmt.Sprintf(pressHead, 2))
	b.expect("sorted by name, downwards", firstName+` + " " + document.querySelectorAll("#findings th")[3].getAttribute("aria-sort")`, "Website descending")
	b.eval(fmt.Sprintf(pressHead, 0))

	b.eval(`document.querySelector("#findings .opener").click()`)
	b.expect("opened", `document.querySelector("#findings .opener").getAttribute("aria-expanded") + " " + document.querySelector("#findings .detail dd").textContent`, `true management token "Full-access API token" reaches the delivery API and can write`)
	b.eval(`document.querySelector("#findings tbody tr.row").click()`)
	b.expect("closed", `document.querySelectorAll("#findings .detail").length`, "0")
	b.eval(`document.querySelector("#inventory tbody tr.row").click()`)
	b.expect("reach", `document.querySelector("#inventory .reach").textContent.includes("→")`, "true")

	b.open(path, 1300, "dark")
	b.picture("dark.png")
	b.expect("dark", `getComputedStyle(document.body).backgroundColor`, "rgb(17, 21, 27)")
	b.open(path, 400)
	b.picture("narrow.png")
	b.expect("sideways scrolling on a phone", sideways, "false")
	b.expect("what is cut off on a phone", `[...document.querySelectorAll("td")].filter((td) => !td.closest(".matrix") && td.getBoundingClientRect().right > innerWidth).length`, "0")
	b.expect("a row on a phone", `[...document.querySelector("#worst tbody tr").cells].map((td) => getComputedStyle(td, "::before").content).join(" ")`, `"Risk" "Token" "Can" "Owner" "Findings" "What to do"`)
	b.expect("a label of the blast radius that a line crosses", struck, "")
}

// TestReadmePicture: the README shows the beginning of the demo's report. It is made of
// the page that README_PAGE names, and looked at where that is not set.
func TestReadmePicture(t *testing.T) {
	const file = "report.png"
	if page := os.Getenv("README_PAGE"); page != "" {
		b := newBrowser(t)
		b.open(page, 1100)
		var shot struct{ Data []byte }
		b.call("Page.captureScreenshot", map[string]any{"format": "png", "clip": map[string]any{"x": 0, "y": 0, "width": 1085, "height": 1150, "scale": 0.8}, "captureBeyondViewport": true}, &shot)
		if err := os.WriteFile(file, shot.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	picture, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	size, err := png.DecodeConfig(bytes.NewReader(picture))
	if err != nil || size.Width > 1000 || len(picture) > 200_000 {
		t.Errorf("%d bytes, %d × %d, %v: it must be small", len(picture), size.Width, size.Height, err)
	}
}

// TestHTMLLabelsInABrowser: labels are filters of both tables, found by their text,
// and shown in the rows that open.
func checkLabels(b *browser) {
	path := savePage(b.T, reporttest.Sample())
	b.open(path, 1300)
	titles := `[...document.querySelectorAll("#%s select")].map((s) => s.options[0].text).filter((t) => t.startsWith("Label")).join("; ")`
	for _, table := range []string{"findings", "inventory"} {
		b.expect("the filters of "+table, fmt.Sprintf(titles, table), "Label env: all; Label team: all")
	}
	b.expect("the values", `document.querySelector("#findings select[aria-label='Label team']").textContent`, "Label team: allLabel team: shopLabel team: web")
	b.expect("the column", `document.querySelector("#findings td[data-label=Labels]").textContent`, "env=prod, team=shop")
	b.eval(fmt.Sprintf(choose, "findings", "Label team", "web"))
	b.expect("filtered by a label", rowCount+` + " " + location.hash`, "2 #findings&findings.label%3Ateam=web")
	b.eval(fmt.Sprintf(choose, "inventory", "Label team", "web"))
	b.expect("the inventory filtered", `document.querySelectorAll("#inventory tbody tr.row").length`, "4")
	b.eval(`document.querySelector("#findings tbody tr.row").click()`)
	b.eval(`document.querySelector("#inventory tbody tr.row").click()`)
	for _, table := range []string{"findings", "inventory"} {
		b.expect("shown in "+table, fmt.Sprintf(`[...document.querySelectorAll("#%s dt")].find((dt) => dt.textContent === "Labels").nextSibling.textContent`, table), "team=web")
	}
	b.expect("shown with what was not read", `document.querySelector("#missing td").textContent`, "contentstack/stacks/blt9fteam=web")
	b.picture("labels-filtered.png")
	b.open(path+"#findings.q=env%3Dprod", 1300)
	b.expect("found by text", rowCount, "3")
	b.picture("labels.png")
	many := reporttest.Sample()
	many.Sources[0].Labels = map[string]string{"__proto__": "x", "constructor": "y", "Rule": "z", "a": "1", "b": "2", "c": "3", "d": "4", "e": "5"}
	b.open(savePage(b.T, many), 1300)
	b.expect("a few filters", fmt.Sprintf(`%s.split("; ").length`, fmt.Sprintf(titles, "findings")), "6")
	none := reporttest.Sample()
	for i := range none.Sources {
		none.Sources[i].Labels = nil
	}
	b.open(savePage(b.T, none), 1300)
	b.expect("no filter without labels", fmt.Sprintf(titles, "findings"), "")
}
