package sarif

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

func TestSARIFLimits(t *testing.T) {
	r := reporttest.Build(reporttest.SampleOptions(), reporttest.LargeSources(1, 6000))
	log := sarifOf(t, r, format.Options{})
	for _, run := range log.Runs {
		if len(run.Results) != sarifMaxResults {
			t.Errorf("%s has %d results", run.AutomationDetails.ID, len(run.Results))
		}
		if run.Results[0].Level != "error" {
			t.Errorf("%s begins with level %s", run.AutomationDetails.ID, run.Results[0].Level)
		}
		if text := run.Invocations[0].Notifications[0].Message.Text; !strings.Contains(text, "1,000 findings are left out") {
			t.Errorf("%s: %q", run.AutomationDetails.ID, text)
		}
	}
	places := map[string]bool{}
	for _, run := range log.Runs {
		for _, result := range run.Results {
			place := result.RuleID + result.Locations[0].Physical.Artifact.URI
			if places[place] {
				t.Fatalf("two results of one rule at %s", place)
			}
			places[place] = true
		}
	}

	var many []reporttest.Judged
	for i := range 25 {
		source := reporttest.SampleSource(fmt.Sprintf("cms%02d", i), fmt.Sprintf("cms%02d/1", i), inventory.KindInstance, "x", reporttest.Complete("tokens"))
		many = append(many, reporttest.Judge(source, nil))
	}
	log = sarifOf(t, reporttest.Build(reporttest.SampleOptions(), many), format.Options{})
	if len(log.Runs) != sarifMaxRuns || len(log.Runs[19].Invocations[0].Notifications) != 6 {
		t.Errorf("%d runs, the last with %d notices", len(log.Runs), len(log.Runs[19].Invocations[0].Notifications))
	}
}

// The limits are those of the platforms, which know nothing of our constants.
func TestSARIFKeepsToThePlatforms(t *testing.T) {
	long := strings.Repeat("word ", 1000)
	options := reporttest.SampleOptions()
	options.Rules = slices.Clone(options.Rules)
	options.Rules[0].ID = "custom/" + strings.Repeat("name-", 100)
	options.Rules[0].Title, options.Rules[0].Description = long, long
	options.Rules[0].Controls = map[string][]string{}
	for n := range 30 {
		options.Rules[0].Controls["soc2"] = append(options.Rules[0].Controls["soc2"], fmt.Sprintf("CC9.%d", n))
	}
	sources := reporttest.LargeSources(3, 1)
	for i := range sources {
		for j := range sources[i].Result.Verdicts {
			sources[i].Result.Verdicts[j].Rule, sources[i].Result.Verdicts[j].Message = options.Rules[0].ID, long
		}
	}
	r := reporttest.Build(options, sources)
	log := sarifOf(t, r, format.Options{})
	atMost := func(what, text string, most int) {
		t.Helper()
		if n := utf8.RuneCountInString(text); n == 0 || n > most {
			t.Errorf("%s has %d characters, at most %d are taken", what, n, most)
		}
	}
	for _, run := range log.Runs {
		rule := run.Tool.Driver.Rules[slices.IndexFunc(run.Tool.Driver.Rules, func(d sarifDescriptor) bool { return d.ID == options.Rules[0].ID })]
		atMost("shortDescription", rule.ShortDescription.Text, 1024)
		atMost("fullDescription", rule.FullDescription.Text, 1024)
		atMost("name", rule.Name, 255)
		if tags := rule.Properties["tags"].([]any); len(tags) != 10 {
			t.Errorf("%d tags", len(tags))
		}
		for _, result := range run.Results {
			atMost("message", result.Message.Text, 1024)
		}
		for _, note := range run.Invocations[0].Notifications {
			atMost("notification", note.Message.Text, 1024)
		}
	}
	if results, runs, size := sarifMaxResults, sarifMaxRuns, sarifMaxBytes; results > 5000 || runs > 20 || size > 10_000_000 {
		t.Errorf("%d results, %d runs, %d bytes", results, runs, size)
	}
}

// Where many or long texts bring a file over what the platforms take, results
// go until it fits.
func TestSARIFFitsTheUpload(t *testing.T) {
	r := reporttest.Build(reporttest.SampleOptions(), reporttest.LargeSources(3, 500))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range r.Findings {
		message := make([]byte, 900)
		for j := range message {
			message[j] = byte('!' + random.IntN(90))
		}
		r.Findings[i].Message = string(message)
	}
	const most = 800_000
	var document bytes.Buffer
	if err := writeSARIF(&document, r, format.Options{}, most); err != nil {
		t.Fatal(err)
	}
	if document.Len() >= most || document.Len() < most/2 {
		t.Errorf("%d bytes, want at most %d and not much less", document.Len(), most)
	}
	if !bytes.Contains(document.Bytes(), []byte("findings are left out")) {
		t.Error("nothing says what was cut")
	}
}
