package difference_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/report/difference"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// sampleInventory has one project with three tokens.
func sampleInventory() inventory.Inventory {
	source := reporttest.SampleSource("datocms", "datocms/projects/77", inventory.KindProject, "Blog", reporttest.Complete("access_tokens", inventory.Delivery, inventory.Management))
	source.Tokens = []inventory.Token{
		reporttest.SampleToken(source, inventory.Delivery, "access_tokens/1", "One"),
		reporttest.SampleToken(source, inventory.Management, "access_tokens/2", "Two"),
	}
	return inventory.Inventory{Schema: inventory.Schema, Tool: inventory.Tool{Name: "tokenaudit"}, Sources: []inventory.Source{source}}
}

func TestDiffOfInventories(t *testing.T) {
	before, after := sampleInventory(), sampleInventory()
	after.Sources[0].CollectedAt = reporttest.AuditTime
	tokens := after.Sources[0].Tokens
	tokens[0].Name = "Uno"
	tokens[0].Access.Grants = []string{"read", "write"}
	tokens[0].Environments.Items = append(tokens[0].Environments.Items, inventory.ScopeItem{ID: "live", AliasOf: "main", Exists: inventory.No})
	tokens[0].LastUsed = inventory.LastUsed{State: inventory.LastUsedAt, At: reporttest.AuditTime}
	tokens[0].Expiry = inventory.Expiry{State: inventory.ExpiryAt, At: reporttest.DaysAgo(-30), Precision: inventory.PrecisionDay, Supported: true}
	after.Sources[0].Tokens = []inventory.Token{tokens[0], reporttest.SampleToken(after.Sources[0], inventory.Management, "access_tokens/3", "Three")}
	other := reporttest.SampleSource("datocms", "datocms/projects/78", inventory.KindProject, "Shop", reporttest.Complete("access_tokens"))
	other.Tokens = []inventory.Token{reporttest.SampleToken(other, inventory.Delivery, "access_tokens/9", "Nine")}
	after.Sources = append(after.Sources, other)

	got := difference.Between(difference.SnapshotOfInventory(before), difference.SnapshotOfInventory(after))
	ref := func(project, id, name string, kind inventory.Kind, level inventory.Level) difference.TokenRef {
		return difference.TokenRef{ID: "datocms/projects/" + project + "/access_tokens/" + id, CMS: "datocms", Source: "datocms/projects/" + project, Name: name, Kind: kind, Level: level}
	}
	want := &difference.Difference{
		Schema: difference.DiffSchema, Old: before.Sources[0].CollectedAt, New: reporttest.AuditTime,
		SourcesAdded: []string{"datocms/projects/78"}, SourcesRemoved: []string{},
		SourcesUnknown: []string{},
		Added:          []difference.TokenRef{ref("77", "3", "Three", inventory.Management, inventory.LevelWrite), ref("78", "9", "Nine", inventory.Delivery, inventory.LevelRead)},
		Removed:        []difference.TokenRef{ref("77", "2", "Two", inventory.Management, inventory.LevelWrite)},
		Changed: []difference.TokenChange{{ref("77", "1", "Uno", inventory.Delivery, inventory.LevelRead), []difference.FieldChange{
			{"access.grants", "read", "read, write"},
			{"environments.items", "main", "main, live → main (gone)"},
			{"expiry.at", "", "2026-04-13T12:00:00Z"},
			{"expiry.precision", "", "day"},
			{"expiry.state", "never", "at"},
			{"name", "One", "Uno"},
		}}},
		Unknown: []difference.UnknownChange{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !difference.Between(difference.SnapshotOfInventory(before), difference.SnapshotOfInventory(before)).Empty() {
		t.Error("an inventory differs from itself")
	}
}

// What one side could not see is neither added nor removed.
func TestDiffDoesNotGuess(t *testing.T) {
	whole, cut := sampleInventory(), sampleInventory()
	cut.Sources[0].Units[0].Status = inventory.UnitPartial
	cut.Sources[0].Tokens = cut.Sources[0].Tokens[:1]
	removed := difference.Between(difference.SnapshotOfInventory(whole), difference.SnapshotOfInventory(cut))
	added := difference.Between(difference.SnapshotOfInventory(cut), difference.SnapshotOfInventory(whole))
	for name, d := range map[string]*difference.Difference{"old": removed, "new": added} {
		if len(d.Added)+len(d.Removed) != 0 || len(d.Unknown) != 1 || d.Unknown[0].In != name {
			t.Errorf("%s: added %v, removed %v, unknown %v", name, d.Added, d.Removed, d.Unknown)
		}
	}
	lost := sampleInventory()
	lost.Sources[0].ID, lost.Sources[0].Tokens = "datocms/account", nil
	lost.Sources[0].Units = []inventory.Unit{{Name: "projects", Sources: true, Status: inventory.UnitFailed}}
	d := difference.Between(difference.SnapshotOfInventory(whole), difference.SnapshotOfInventory(lost))
	if len(d.Unknown) != 2 || len(d.Removed) != 0 {
		t.Errorf("sources not all found: removed %v, unknown %v", d.Removed, d.Unknown)
	}
	if len(d.SourcesRemoved) != 0 || len(d.SourcesUnknown) != 1 {
		t.Errorf("sources not all found: removed %v, unknown %v", d.SourcesRemoved, d.SourcesUnknown)
	}
	part := sampleInventory()
	part.Sources, part.Shard = part.Sources[:0], &inventory.Shard{Index: 1, Count: 2}
	if d := difference.Between(difference.SnapshotOfInventory(whole), difference.SnapshotOfInventory(part)); len(d.Removed)+len(d.SourcesRemoved) != 0 {
		t.Errorf("of a shard: removed %v and %v", d.Removed, d.SourcesRemoved)
	}
}

func TestDiffOfReports(t *testing.T) {
	before, after := reporttest.Readable(reporttest.Sample()), reporttest.Readable(reporttest.Sample())
	before.Findings = before.Findings[1:]
	after.Findings = after.Findings[:len(after.Findings)-1]
	after.Tokens[0].Status = input.Expired
	d := difference.Between(reporttest.Snapshot(t, before), reporttest.Snapshot(t, after))
	if len(d.FindingsNew) != 1 || len(d.FindingsResolved)+len(d.FindingsStale) != 1 {
		t.Errorf("new %d, resolved %d, stale %d", len(d.FindingsNew), len(d.FindingsResolved), len(d.FindingsStale))
	}
	if len(d.Changed) != 1 || d.Changed[0].Fields[0] != (difference.FieldChange{"status", "active", "expired"}) {
		t.Errorf("changed %+v", d.Changed)
	}
	if after.Baseline != nil || after.Findings[0].Baseline != "" {
		t.Error("the comparison changed the report")
	}
	after.Tokens = nil
	if _, err := difference.SnapshotOf(after); !errors.Is(err, difference.ErrNoTokens) {
		t.Errorf("a report without its inventory: %v", err)
	}
}

func TestReadSnapshot(t *testing.T) {
	var inv bytes.Buffer
	if err := codec.Write(&inv, inventory.Inventory{Schema: inventory.Schema, Tool: inventory.Tool{Name: "x", Version: "1"}, Sources: []inventory.Source{}}); err != nil {
		t.Fatal(err)
	}
	if s, err := difference.ReadSnapshot(context.Background(), &inv); err != nil || s.Report != nil {
		t.Errorf("an inventory: %v, %+v", err, s)
	}
	var written bytes.Buffer
	if err := reporttest.Sample().WriteJSON(&written); err != nil {
		t.Fatal(err)
	}
	if s, err := difference.ReadSnapshot(context.Background(), &written); err != nil || s.Report == nil || s.TokenCount() != 8 {
		t.Errorf("a report: %v", err)
	}
	if _, err := difference.ReadSnapshot(context.Background(), strings.NewReader("{}")); err == nil || !strings.Contains(err.Error(), "not a tokenaudit report") {
		t.Errorf("neither: %v", err)
	}
}
