package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
)

// A run that is killed leaves what it has read next to the inventory that it would have
// written, says there that it had not ended, and goes on from it.
func TestAKilledRunGoesOn(t *testing.T) {
	inBubble(t, "slow CMSes", func(t *testing.T, f *fixture) {
		start := time.Now()
		execute := func(args ...string) (int, string) {
			var errs bytes.Buffer
			code := run(t.Context(), ioStreams{
				environ: f.environ, in: strings.NewReader(""), out: io.Discard, err: &errs,
				transport: f.transport, unpaced: true, now: func() time.Time { return noon.Add(time.Since(start)) },
			}, args)
			return code, errs.String()
		}
		var mu sync.Mutex
		var killed []byte // the file as it would have been left
		slow := emulator.Action(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			time.Sleep(25 * time.Second)
			mu.Lock()
			if text, err := os.ReadFile("inventory.json.partial"); err == nil && killed == nil {
				killed = text
			}
			mu.Unlock()
			next.ServeHTTP(w, r)
		})
		for _, cms := range []string{"contentful", "contentstack"} {
			if err := f.cms[cms].Inject(emulator.Fault{Act: slow}); err != nil {
				t.Fatal(err)
			}
		}
		if code, text := execute("collect", "-o", "inventory.json"); code != 0 || killed == nil {
			t.Fatalf("exit code %d, %d bytes were left\n%s", code, len(killed), text)
		}
		if _, err := os.Stat("inventory.json.partial"); err == nil {
			t.Error("it is still there")
		}
		left, err := codec.ReadAll(t.Context(), bytes.NewReader(killed), codec.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		read := 0
		for _, s := range left.Sources {
			if s.Units[0].Status == inventory.UnitComplete {
				read++
			}
		}
		if read == 0 || len(left.Sources) != read+3 {
			t.Errorf("%d sources were read, %d are there", read, len(left.Sources))
		}
		write(t, "killed.json", string(killed))
		if code, text := execute("evaluate", "killed.json", "--fail-on", "none"); code != 3 {
			t.Errorf("what was left passes: exit code %d\n%s", code, text)
		}
		if code, text := execute("collect", "--resume", "killed.json", "-o", "on.json"); code != 0 || !strings.Contains(text, " sources are kept as they were read then") {
			t.Errorf("exit code %d\n%s", code, text)
		}
		var ids [2][]string
		for i, file := range []string{"inventory.json", "on.json"} {
			inv, err := codec.ReadAll(t.Context(), strings.NewReader(textOf(t, file)), codec.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range inv.Sources {
				for _, token := range s.Tokens {
					ids[i] = append(ids[i], token.ID)
				}
			}
		}
		if diff := cmp.Diff(ids[0], ids[1]); diff != "" || len(ids[0]) == 0 {
			t.Errorf("(-whole +gone on):\n%s", diff)
		}
	})
}
