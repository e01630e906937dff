package deliver

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

func TestCheckpoint(t *testing.T) {
	file := filepath.Join(t.TempDir(), "inventory.json")
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	made := 0
	c := NewCheckpoint(file, func() time.Time { return now }, func(sources []inventory.Source) inventory.Inventory {
		made++
		now = now.Add(10 * time.Second)
		return inventory.Inventory{Sources: sources}
	})
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 0}, {59 * time.Second, 0}, {time.Second, 1}, {199 * time.Second, 1}, {time.Second, 2}} {
		now = now.Add(step.after)
		if err := c.Keep(t.Context(), nil); err != nil || made != step.want {
			t.Errorf("after %s: %d, %v", step.after, made, err)
		}
	}
	if _, err := os.Stat(file + partial); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the file itself is written")
	}
	if err := c.Remove(); err != nil {
		t.Error(err)
	}
	if left, err := filepath.Glob(file + "*"); len(left) > 0 || err != nil {
		t.Errorf("%v is left, %v", left, err)
	}
}

// What cannot be written is said once.
func TestCheckpointFailsOnce(t *testing.T) {
	now := time.Now()
	c := NewCheckpoint(filepath.Join(t.TempDir(), "missing", "inventory.json"), func() time.Time { now = now.Add(time.Hour); return now }, func([]inventory.Source) inventory.Inventory { return inventory.Inventory{} })
	if err := c.Keep(t.Context(), nil); err == nil {
		t.Error("no error")
	}
	if err := c.Keep(t.Context(), nil); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"", "-", t.TempDir(), os.DevNull} {
		if file := CheckpointOf(name); file != "" {
			t.Errorf("%q has the checkpoint %q", name, file)
		}
	}
}
