package table

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/tokenaudit/tokenaudit/report/difference"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

func TestDiffOutputs(t *testing.T) {
	before, after := reporttest.Sample(), reporttest.Sample()
	after.Tokens = after.Tokens[1:]
	after.Tokens[0].Name = "\x1b[31mred\n::error::x"
	after.Findings = after.Findings[1:]
	d := difference.Between(reporttest.Snapshot(t, before), reporttest.Snapshot(t, after))
	for name, write := range map[string]func(*bytes.Buffer) error{
		"diff-table.txt":    func(b *bytes.Buffer) error { return WriteDifference(b, d, format.Options{}) },
		"diff-terminal.txt": func(b *bytes.Buffer) error { return WriteDifference(b, d, format.Options{Width: 100}) },
		"diff-json.txt":     func(b *bytes.Buffer) error { return safetext.WriteJSON(b, d) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if problem := reporttest.Harm(b.String()); problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
		reporttest.Golden(t, *update, name, b.Bytes())
	}
	var b bytes.Buffer
	if err := safetext.WriteJSON(&b, d); err != nil || !json.Valid(b.Bytes()) {
		t.Error(err)
	}
}
