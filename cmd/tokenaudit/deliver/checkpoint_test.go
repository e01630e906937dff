package deliver

import (
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// What was read is kept after a minute, whether another source comes or not, and not more
// often than a twentieth of the time allows.
func TestCheckpoint(t *testing.T) {
	file := filepath.Join(t.TempDir(), "inventory.json")
	synctest.Test(t, func(t *testing.T) {
		var made atomic.Int64
		c := NewCheckpoint(file, func([]inventory.Source) inventory.Inventory {
			made.Add(1)
			time.Sleep(10 * time.Second)
			return inventory.Inventory{}
		})
		ended := errors.New("ended")
		err := c.During(t.Context(), func(err error) { t.Error(err) }, func() error {
			for _, step := range []struct {
				after time.Duration
				add   int
				want  int64
			}{
				{59 * time.Second, 0, 0}, {2 * time.Second, 1, 0}, // nothing to keep yet
				{58 * time.Second, 0, 0}, {2 * time.Second, 0, 1},
				{8 * time.Second, 1, 1}, {198 * time.Second, 0, 1}, {4 * time.Second, 0, 2},
				{time.Hour, 0, 2}, // nothing new
			} {
				time.Sleep(step.after)
				synctest.Wait()
				if n := made.Load(); n != step.want {
					t.Errorf("after %s: %d", step.after, n)
				}
				for range step.add {
					c.Add(inventory.Source{})
				}
			}
			return ended
		})
		if !errors.Is(err, ended) || len(c.Sources()) != 2 {
			t.Errorf("%v, %d sources", err, len(c.Sources()))
		}
		c.Add(inventory.Source{})
		time.Sleep(time.Hour)
		if made.Load() != 2 {
			t.Error("it is kept when the reading has ended")
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
	})
}

// What cannot be written is said once.
func TestCheckpointFailsOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "missing", "inventory.json")
	synctest.Test(t, func(t *testing.T) {
		c := NewCheckpoint(file, func([]inventory.Source) inventory.Inventory { return inventory.Inventory{} })
		told := 0
		err := c.During(t.Context(), func(error) { told++ }, func() error {
			for range 3 {
				c.Add(inventory.Source{})
				time.Sleep(time.Hour)
			}
			return nil
		})
		if err != nil || told != 1 {
			t.Errorf("%v, told %d times", err, told)
		}
	})
	for _, name := range []string{"", "-", t.TempDir(), os.DevNull} {
		if file := CheckpointOf(name); file != "" {
			t.Errorf("%q has the checkpoint %q", name, file)
		}
	}
}
