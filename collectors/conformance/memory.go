package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

const (
	// largeAnswer is about how many bytes an answer has that is larger than any
	// honest one. It is below maxBody, and so large that maxSwell times it leaves room for the
	// 3 MB or so that any run takes.
	largeAnswer = 400 << 10
	// largeDirectory is the same for a list of sources: what a thousand of them make the
	// collector ask comes to more than largeAnswer.
	largeDirectory = 48 << 10
	// maxSwell is how many times its size an answer may take in memory.
	maxSwell = 20
	// sourceCost is what a source may take in addition, whatever was sent of it: its facts, its
	// lists, and a gap for each of them.
	sourceCost = 4 << 10
)

// judgeMemory fills each list of each answer, also those within elements, and all
// of its objects, and measures what reading it takes: with the shortest elements
// there are, and with healthy ones, whole or with their ids alone.
func (s *suite) judgeMemory(t *testing.T) {
	t.Helper()
	// It cannot be measured while other tests run. This panics in a parallel one.
	t.Setenv("TOKENAUDIT_CONFORMANCE", "serial")
	for _, sc := range s.scopes {
		for _, bulk := range bulks(sc) {
			t.Run(strings.Trim(sc.endpoint.Path, "/")+"/"+bulk.name, func(t *testing.T) {
				c := testCase{t.Name(), sc, bulk.fault()}
				got := s.run(t, &c)
				// What is allocated while a cycle of the collector runs counts as in use at its
				// end, and on a busy machine a cycle runs long: the least of some runs is true.
				for range 4 {
					if got.memory <= allowed(got) {
						break
					}
					got = s.run(t, &c)
				}
				v := verdict{suite: s, healthy: s.healthy, got: got, endpoint: sc.endpoint}
				v.sound()
				for _, p := range slices.Concat(v.problems, got.problems) {
					t.Error(p)
				}
				if got.hit == 0 || got.memory > allowed(got) {
					t.Errorf("%d KiB were sent, in %d answers of this kind and others, and took %d KiB", got.served>>10, got.hit, got.memory>>10)
				}
			})
		}
	}
}

// allowed is how many bytes a run may take for what it was sent.
func allowed(got outcome) int { return maxSwell*got.served + sourceCost*len(got.sources) }

// peak is by how much the memory in use has grown at most while run ran. It is
// read at the end of each cycle of the garbage collector, which comes with each
// tenth that is added: so neither the time nor what is garbage already counts. On a
// busy machine a cycle may be missed, which makes it less, or run long, which makes it more.
func peak(run func()) int {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	before := inUse()
	var most atomic.Uint64
	var stopped atomic.Bool
	note := func() { most.Store(max(most.Load(), inUse())) }
	var watch func()
	watch = func() {
		runtime.SetFinalizer(new([16]byte), func(*[16]byte) {
			if note(); !stopped.Load() {
				watch()
			}
		})
	}
	watch()
	run()
	stopped.Store(true)
	runtime.GC()
	note()
	return int(most.Load()) - int(before)
}

// inUse is how many bytes of memory were in use at the end of the last cycle of the
// garbage collector.
func inUse() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// bulk is an answer with very many elements of one kind.
type bulk struct {
	name string
	// body makes the answer.
	body func() []byte
}

func (f bulk) fault() fault {
	body := f.body()
	return fault{name: f.name, measured: true, network: true, serve: func(w http.ResponseWriter, r *http.Request, x exchange) {
		pass(w, x.healthy(r), body)
	}}
}

// bulks fill the lists and objects of an answer.
func bulks(sc scope) []bulk {
	document, _ := parsed(sc.body)
	lists, objects := map[string][]any{}, map[string]bool{}
	note := func(field string, v any) {
		switch v := v.(type) {
		case []any:
			lists[field] = append(lists[field], v...)
		case map[string]any:
			objects[field] = true
		}
	}
	note("", document)
	walk("", document, note)
	var all []bulk
	for _, list := range slices.Sorted(maps.Keys(lists)) {
		size := largeAnswer
		if sc.endpoint.Directory {
			size = largeDirectory
		}
		for _, f := range fillers(lists[list]) {
			all = append(all, bulk{fmt.Sprintf("%s full of %s", strings.TrimPrefix(list+" list", " "), f.name), func() []byte {
				return filled(sc.body, map[string]bool{list: true}, f.element, size)
			}})
		}
	}
	if len(objects) > 0 {
		all = append(all, bulk{"full objects", func() []byte { return filled(sc.body, objects, func(int) string { return "0" }, largeAnswer) }})
	}
	return all
}

// filler is what a container is filled with.
type filler struct {
	name string
	// element is the n-th.
	element func(n int) string
}

// fillers are what a list is filled with whose healthy elements are given.
func fillers(healthy []any) []filler {
	same := func(text string) filler { return filler{text, func(int) string { return text }} }
	all := []filler{same(`{}`), same(`"a"`)}
	if len(healthy) > 0 {
		all = append(all,
			filler{"healthy elements", copies(healthy[0], func(string, any) bool { return true })},
			filler{"ids alone", copies(healthy[0], func(field string, v any) bool { return isContainer(v) || isID(field, v) })})
	}
	return all
}

// copies makes copies of an element, each with ids of its own, of what keep picks
// of it.
func copies(element any, keep func(field string, v any) bool) func(n int) string {
	const mark = "the id of the copy"
	b, _ := json.Marshal(element)
	own, _ := parsed(b)
	own = rewrite("", own, func(field string, v any) any {
		switch {
		case isID(field, v):
			return mark
		case !keep(field, v):
			return removed{}
		}
		return v
	})
	b, _ = json.Marshal(own)
	return func(n int) string { return strings.ReplaceAll(string(b), mark, strconv.Itoa(n)) }
}

// filled is a body in which the first container of each of some fields is full.
func filled(body []byte, fields map[string]bool, element func(n int) string, size int) []byte {
	document, _ := parsed(body)
	contents := map[string][]byte{}
	fill := func(field string, v any) any {
		if mark := "full: " + field; fields[field] && contents[mark] == nil && isContainer(v) {
			contents[mark] = full(v, size/len(fields), element)
			return mark
		}
		return v
	}
	b, _ := json.Marshal(fill("", rewrite("", document, fill)))
	for range contents { // one may be in another
		for mark, content := range contents {
			quoted, _ := json.Marshal(mark)
			b = bytes.Replace(b, quoted, content, 1)
		}
	}
	return b
}

// full is a list of elements, or an object of which they are further members, of
// about so many bytes.
func full(container any, size int, element func(n int) string) []byte {
	var b bytes.Buffer
	object, isObject := container.(map[string]any)
	begin, end, more := "[", "]", false
	if isObject {
		members, _ := json.Marshal(object)
		begin, end, more = string(members[:len(members)-1]), "}", len(object) > 0
	}
	b.WriteString(begin)
	for n := 0; b.Len() < size; n++ {
		if n > 0 || more {
			b.WriteByte(',')
		}
		if isObject {
			b.WriteString(`"` + strconv.Itoa(n) + `":`)
		}
		b.WriteString(element(n))
	}
	b.WriteString(end)
	return b.Bytes()
}
