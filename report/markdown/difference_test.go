package markdown

import (
	"bytes"
	"flag"
	"regexp"
	"testing"

	"github.com/tokenaudit/tokenaudit/report/difference"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

func TestDifference(t *testing.T) {
	before, after := reporttest.Sample(), reporttest.Sample()
	after.Tokens = after.Tokens[1:]
	after.Tokens[0].Name = "\x1b[31mred\n::error::x"
	after.Findings = after.Findings[1:]
	var b bytes.Buffer
	if err := WriteDifference(&b, difference.Between(reporttest.Snapshot(t, before), reporttest.Snapshot(t, after))); err != nil {
		t.Fatal(err)
	}
	// A heading is not a command: it has a blank behind the ##.
	if problem := reporttest.Harm(regexp.MustCompile(`(?m)^##+ `).ReplaceAllString(b.String(), "")); problem != "" {
		t.Error(problem)
	}
	reporttest.Golden(t, *update, "diff-markdown.txt", b.Bytes())
}
