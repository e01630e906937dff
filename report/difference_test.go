package report

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestDiffOutputs(t *testing.T) {
	before, after := sampleReport(), sampleReport()
	after.Tokens = after.Tokens[1:]
	after.Tokens[0].Name = "\x1b[31mred\n::error::x"
	after.Findings = after.Findings[1:]
	d := Diff(snapshot(t, before), snapshot(t, after))
	for name, write := range map[string]func(*bytes.Buffer) error{
		"diff-table.txt":    func(b *bytes.Buffer) error { return WriteDifference(b, d, RenderOptions{}) },
		"diff-terminal.txt": func(b *bytes.Buffer) error { return WriteDifference(b, d, RenderOptions{Terminal: true, Width: 100}) },
		"diff-json.txt":     func(b *bytes.Buffer) error { return WriteJSON(b, d) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if problem := harm(b.String()); problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
		golden(t, *update, name, b.Bytes())
	}
	var b bytes.Buffer
	if err := WriteJSON(&b, d); err != nil || !json.Valid(b.Bytes()) {
		t.Error(err)
	}
}
