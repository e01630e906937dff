package report

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

// The page allows its own style and script, by their hashes, and nothing else.
func TestHTMLStandsAlone(t *testing.T) {
	for name, r := range map[string]*Report{"sample": sampleReport(), "hostile": hostileReport(), "nothing": build(sampleOptions(), nil)} {
		page := string(renderedPage(t, r, RenderOptions{Gate: DefaultGate()}))
		policy := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy" content="([^"]*)">`).FindStringSubmatch(page)
		if policy == nil {
			t.Fatalf("%s: no policy", name)
		}
		for _, word := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'"} {
			if !strings.Contains(policy[1], word) {
				t.Errorf("%s: the policy lacks %s", name, word)
			}
		}
		if strings.Contains(policy[1], "unsafe") {
			t.Errorf("%s: policy %s", name, policy[1])
		}
		for _, element := range []string{"style", "script"} {
			blocks := regexp.MustCompile(`(?s)<`+element+`>(.*?)</`+element+`>`).FindAllStringSubmatch(page, -1)
			if len(blocks) != 1 || !strings.Contains(policy[1], element+"-src '"+sourceHash(blocks[0][1])+"'") {
				t.Errorf("%s: %d %s elements, or a hash that is not theirs", name, len(blocks), element)
			}
		}
		markup := regexp.MustCompile(`(?s)<script.*?</script>|<style>.*?</style>`).ReplaceAllString(page, "")
		for _, pattern := range []string{`\son[a-z]+=`, `\sstyle=`, `\ssrc=`, `(?i)<(img|iframe|link|object|embed|form|input|a [^>]*href="[^#])`, `javascript:[^a]`} {
			if found := regexp.MustCompile(`<[^>]*` + pattern).FindString(markup); found != "" {
				t.Errorf("%s: %q in the markup", name, found)
			}
		}
		if extra := regexp.MustCompile(`<script`).FindAllString(page, -1); len(extra) != 2 {
			t.Errorf("%s: %d script elements, want the block of JSON and the script", name, len(extra))
		}
		pageData(t, []byte(page))
	}
}

func TestHTMLWithoutTheInventorySaysWhatIsMissing(t *testing.T) {
	r := sampleReport()
	r.Tokens = nil
	page := renderedPage(t, r, RenderOptions{Gate: DefaultGate()})
	if !bytes.Contains(page, []byte("made without its inventory")) || bytes.Contains(page, []byte("Blast radius</h2>")) {
		t.Error("the page does not say that its charts are missing")
	}
	if data := pageData(t, page); data["tokens"] != nil || len(data["findings"].([]any)) != 6 {
		t.Errorf("tokens %v, %d findings", data["tokens"], len(data["findings"].([]any)))
	}
}

func TestHTMLListsResolvedAndStale(t *testing.T) {
	r := readable(sampleReport())
	before := readable(sampleReport())
	r.Findings = r.Findings[2:]
	r.Scope = &Scope{Rules: []string{"write-token-never-expires"}}
	if err := r.CompareTo(before, false); err != nil {
		t.Fatal(err)
	}
	statuses := map[string]int{}
	for _, row := range pageData(t, renderedPage(t, r, RenderOptions{}))["findings"].([]any) {
		statuses[row.([]any)[1].(string)]++
	}
	if statuses["fail"] != 4 || statuses["resolved"] != 1 || statuses["stale"] != 1 {
		t.Errorf("statuses %v", statuses)
	}
}

func renderedPage(t *testing.T, r *Report, o RenderOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := htmlFormat().Render(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
