package store

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The runs that child processes write.
const (
	childSeed = 7
	childDays = 14
)

// childProcess returns a process that opens a store and writes some runs to it, and says so.
func childProcess(t *testing.T, path string, runs []int) *exec.Cmd {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChildProcess$")
	child.Env = append(os.Environ(), "STORE_CHILD="+path, "STORE_CHILD_RUNS="+strings.Trim(fmt.Sprint(runs), "[]"))
	child.Stderr = os.Stderr
	return child
}

// TestChildProcess is what childProcess runs.
func TestChildProcess(t *testing.T) {
	path := os.Getenv("STORE_CHILD")
	if path == "" {
		t.Skip("it is run by other tests")
	}
	runs := observed(t, childSeed, childDays)
	s := opened(t, Place{File: path})
	for text := range strings.FieldsSeq(os.Getenv("STORE_CHILD_RUNS")) {
		i, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("begin", i)
		write(t, s, runs[i])
		fmt.Println("end", i)
	}
}

// killed is what became of a process that was killed.
type killed struct {
	// begun and ended are how many writes it said so of.
	begun, ended int
}

// kill lets a process write until a random moment of one of its first writes, or before
// them, and kills it.
func kill(t *testing.T, random *rand.Rand, path string, order []int, pace *time.Duration) killed {
	t.Helper()
	child := childProcess(t, path, order)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	// One of eight dies while it opens the store.
	after := 0
	if random.IntN(8) > 0 {
		after = 1 + random.IntN(min(8, len(order)))
	}
	var k killed
	var began time.Time
	said := make(chan killed, 1)
	lines := bufio.NewScanner(out)
	for k.begun < after && lines.Scan() {
		switch word, _, _ := strings.Cut(lines.Text(), " "); word {
		case "begin":
			k.begun++
			began = time.Now()
		case "end":
			k.ended++
			*pace = time.Since(began)
		}
	}
	go func(k killed) {
		for lines.Scan() {
			switch word, _, _ := strings.Cut(lines.Text(), " "); word {
			case "begin":
				k.begun++
			case "end":
				k.ended++
			}
		}
		said <- k
	}(k)
	time.Sleep(time.Duration(random.Int64N(int64(*pace)*5/4 + 1)))
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	k = <-said
	_ = child.Wait()
	return k
}

// A process that is killed at any moment leaves the runs that it has written, and nothing
// of the one that it was writing; the next one goes on. Two of three stores are written
// out of order, so that later runs are being written again.
func TestKilledWriterLeavesWholeRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts processes")
	}
	kills, err := strconv.Atoi(os.Getenv("TOKENAUDIT_KILLS"))
	if err != nil {
		kills = 8
	}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	pace := 40 * time.Millisecond
	var opening, writing, between, rewriting int
	runs := observed(t, childSeed, childDays)
	for stores := 0; kills > 0; stores++ {
		order := random.Perm(len(runs))
		if stores%3 == 2 {
			slices.Sort(order)
		}
		path := filepath.Join(t.TempDir(), "store.db")
		written := newFile(t)
		whole := []string{export(t, written)}
		moved := []int{}
		for _, i := range order {
			moved = append(moved, write(t, written, runs[i]).Moved)
			whole = append(whole, export(t, written))
		}
		for have := 0; have < len(order) && kills > 0; kills-- {
			k := kill(t, random, path, order[have:], &pace)
			got := export(t, opened(t, Place{File: path}))
			n := slices.Index(whole, got)
			if n < have+k.ended || n > have+k.begun {
				t.Fatalf("seed %d: the store has %d runs of %v, want %d to %d:\n%s", seed, n, order, have+k.ended, have+k.begun, got)
			}
			switch k.begun {
			case 0:
				opening++
			case k.ended:
				between++
			default:
				writing++
				if moved[have+k.ended] > 0 {
					rewriting++
				}
			}
			have = n
		}
	}
	t.Logf("%d killed before a write, %d in one (%d of these with later runs to write again), %d between two", opening, writing, rewriting, between)
}
