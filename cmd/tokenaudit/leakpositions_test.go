package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/report/output"
)

// TestNoPlaceOfAnAnswerLeaks puts a secret into each place of each answer of each
// CMS: the status line, names and values of headers, chunk sizes, trailers, bodies of
// every status, redirects, lengths that are wrong. A scan with every format and the
// most verbose logging has it nowhere.
//
// There are more than half a million places. An ordinary test looks at some hundreds,
// spread over all answers. With TOKENAUDIT_LEAK_TEST=N it looks at N times as many,
// and at those beyond the first hundreds in the inventory and the log alone: a report
// takes from there what it says.
func TestNoPlaceOfAnAnswerLeaks(t *testing.T) {
	if testing.Short() {
		t.Skip("many worlds, one after the other: nothing for the race detector")
	}
	// net/http writes there what comes after an answer; the program discards it.
	log.SetOutput(io.Discard)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	worlds := leakWorlds(t)
	t.Chdir(t.TempDir())
	var copies, more []*leakCopy
	total := 0
	for i := range worlds {
		record := recordLeakWorld(t, worlds[i])
		answers := leakAnswers(worlds[i], record)
		for _, a := range answers {
			total += len(a.text) + 1 - a.gauge
		}
		for j, p := range leakPlaces(answers, leakPlacesPerCMS*leakTestFactor()) {
			c := &leakCopy{world: &worlds[i], record: record, place: p}
			if j%leakTestFactor() == 0 {
				copies = append(copies, c)
			} else {
				more = append(more, c)
			}
		}
	}
	everywhere := []string{"scan", "-v", "--no-fail", "--save-inventory", "inventory.out"}
	for _, format := range output.FormatNames() {
		everywhere = append(everywhere, "-o", format+"="+format+".out")
	}
	looked, shown := runOnLeakCopies(t, copies, everywhere, []string{"doctor", "-v"})
	for batch := range slices.Chunk(more, 2000) {
		l, s := runOnLeakCopies(t, batch, []string{"collect", "-v", "-o", "inventory.out"})
		looked, shown = looked+l, shown+s
	}
	t.Logf("%d of %d places were looked at; at %d more the secret became the value of a member that is shown", looked, total, shown)
}

// leakPlacesPerCMS is how many places of a CMS an ordinary test looks at.
const leakPlacesPerCMS = 60

// leakAnswer is one answer to the request that key stands for.
type leakAnswer struct {
	key  string
	text []byte
	// gauge is how much of the text comes before its body, if the length of the body
	// is to be right in spite of the secret; else 0.
	gauge int
}

// leakPlace is one place of one answer.
type leakPlace struct {
	leakAnswer
	at int
}

// leakPlaces are n places, of all answers in turn, every other one in the headers.
// They are the same each time.
func leakPlaces(answers []leakAnswer, n int) []leakPlace {
	var places []leakPlace
	const step = 2654435761 // of Knuth: it spreads what is counted
	for j := range n {
		a := answers[j*len(answers)/n%len(answers)]
		size := len(a.text) + 1 - a.gauge
		if head := bytes.Index(a.text, []byte("\r\n\r\n")) + 4; j%2 == 0 && a.gauge == 0 {
			size = min(size, head)
		}
		places = append(places, leakPlace{a, a.gauge + j*step%size})
	}
	return places
}

// leakCopy is a CMS of which one answer has a secret in one place.
type leakCopy struct {
	world  *leakWorld
	record recording
	place  leakPlace
	number int
}

// leakAnswers are the answers of a CMS, each in several forms.
func leakAnswers(w leakWorld, record recording) []leakAnswer {
	var answers []leakAnswer
	add := func(key string, text []byte, gauge int) { answers = append(answers, leakAnswer{key, text, gauge}) }
	for i, key := range slices.Sorted(maps.Keys(record)) {
		body := record[key].body
		for _, framed := range []func(http.Header, []byte) []byte{byLength, byChunks, byClose, zipped} {
			add(key, framed(record[key].header, body), 0)
		}
		whole := byLength(record[key].header, body)
		add(key, whole, len(whole)-len(body))
		if i%4 > 0 {
			continue // what follows hardly depends on the list
		}
		for _, status := range []int{206, 304, 400, 401, 402, 403, 404, 405, 408, 409, 410, 412, 422, 423, 425, 429, 451, 500, 501, 502, 503, 504, 599} {
			refused := withStatus(status, "", w.failure)
			add(key, refused, 0)
			add(key, refused, len(refused)-len(w.failure))
		}
		for _, status := range []int{301, 302, 303, 307, 308} {
			for _, to := range []string{"/elsewhere?x=1", "http://elsewhere.example:81/x", "//user:pass@elsewhere.example", "https://127.0.0.1:1/"} {
				add(key, withStatus(status, "Location: "+to+"\r\n", ""), 0)
			}
		}
		add(key, slices.Concat([]byte("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), whole), 0)
	}
	return answers
}

func headersOf(h http.Header) []byte {
	var b bytes.Buffer
	_ = h.WriteSubset(&b, map[string]bool{"Content-Length": true}) // a buffer takes all
	return b.Bytes()
}

func byLength(h http.Header, body []byte) []byte {
	return slices.Concat([]byte("HTTP/1.1 200 OK\r\n"), headersOf(h), fmt.Appendf(nil, "Content-Length: %d\r\n\r\n", len(body)), body)
}

func byChunks(h http.Header, body []byte) []byte {
	half := len(body) / 2
	return slices.Concat([]byte("HTTP/1.1 200 OK\r\n"), headersOf(h), fmt.Appendf(nil, "Transfer-Encoding: chunked\r\nTrailer: X-Digest\r\n\r\n%x;a=b\r\n", half), body[:half],
		fmt.Appendf(nil, "\r\n%x\r\n", len(body)-half), body[half:], []byte("\r\n0\r\nX-Digest: abc\r\n\r\n"))
}

func byClose(h http.Header, body []byte) []byte {
	return slices.Concat([]byte("HTTP/1.0 200 OK\r\n"), headersOf(h), []byte("\r\n"), body)
}

func zipped(h http.Header, body []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(body) // a buffer takes all
	_ = w.Close()
	return slices.Concat([]byte("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"), headersOf(h), fmt.Appendf(nil, "Content-Length: %d\r\n\r\n", b.Len()), b.Bytes())
}

func withStatus(status int, headers, body string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\n%sContent-Type: application/json\r\nRetry-After: 1\r\nContent-Length: %d\r\n\r\n%s", status, http.StatusText(status), headers, len(body), body)
}

// text is the answer with the secret in its place, and the ids of the copy.
func (c *leakCopy) text() []byte {
	secrets := []string{contentfulSecret("place"), contentstackSecret("place"), contentstackTokenSecret("place"), plainSecret("place")}
	p := c.place
	text := slices.Concat(p.text[:p.at], []byte(secrets[p.at%len(secrets)]), p.text[p.at:])
	head, body := text[:p.gauge], text[p.gauge:]
	if p.gauge == 0 {
		return text
	}
	body = c.own(body)
	return slices.Concat(contentLength.ReplaceAll(head, fmt.Appendf(nil, "Content-Length: %d", len(body))), body)
}

var contentLength = regexp.MustCompile(`Content-Length: \d+`)

// own returns the ids in a text the number of the copy.
func (c *leakCopy) own(text []byte) []byte {
	for _, id := range c.world.ids {
		with := numbered(id, c.number)
		if strings.HasPrefix(id, `"`) {
			with = `"` + numbered(strings.Trim(id, `"`), c.number) + `"`
		}
		text = bytes.ReplaceAll(text, []byte(id), []byte(with))
	}
	return text
}

// becomesShown reports whether the secret is in a value that a report shows: of a
// body that is whole and right in spite of it. Then it is not a secret, but a name.
func (c *leakCopy) becomesShown() bool {
	reader := bufio.NewReader(bytes.NewReader(c.text()))
	answer, err := http.ReadResponse(reader, nil)
	for err == nil && answer.StatusCode < 200 {
		answer, err = http.ReadResponse(reader, nil)
	}
	if err != nil {
		return false
	}
	body, err := io.ReadAll(answer.Body)
	var value any
	if err != nil || answer.StatusCode != http.StatusOK || json.Unmarshal(body, &value) != nil {
		return false
	}
	return c.world.shows(value)
}

func (w *leakWorld) shows(value any) bool {
	switch value := value.(type) {
	case []any:
		return slices.ContainsFunc(value, w.shows)
	case map[string]any:
		for name, v := range value {
			text, _ := json.Marshal(v) // it was made of JSON
			held := emulator.ContainsSecret(text)
			if w.shows(v) || held && (slices.Contains(w.shownNames, name) || slices.Contains(w.shown, name) && !hasObject(v)) {
				return true
			}
		}
	}
	return false
}

// hasObject reports whether a value is an object, or a list of them: what is shown of
// it are members of its own.
func hasObject(value any) bool {
	if list, ok := value.([]any); ok {
		return slices.ContainsFunc(list, hasObject)
	}
	_, ok := value.(map[string]any)
	return ok
}

var copyNumber = regexp.MustCompile(`x(\d+)x`)

// serve answers the requests on one connection.
func (c *leakCopy) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		key := copyNumber.ReplaceAllString(r.URL.RequestURI(), "")
		text := c.text()
		if key != c.place.key {
			text = withStatus(http.StatusNotFound, "", c.world.failure)
			if answer, known := c.record[key]; known {
				text = byLength(answer.header, c.own(answer.body))
			}
		}
		if _, err := conn.Write(text); err != nil {
			return
		}
		if key == c.place.key && (bytes.HasPrefix(text, []byte("HTTP/1.0")) || !bytes.Contains(text, []byte("\r\n\r\n"))) {
			return
		}
	}
}

// runOnLeakCopies runs commands on copies together and looks for secrets in everything
// that is printed and written.
func runOnLeakCopies(t *testing.T, batch []*leakCopy, commands ...[]string) (looked, shown int) {
	var entries strings.Builder
	byAddress := map[string]*leakCopy{}
	for i, c := range batch {
		c.number = i + 1
		if c.becomesShown() {
			shown++
			continue
		}
		looked++
		address := "127.0.0.1:" + strconv.Itoa(i+1)
		byAddress[address] = c
		entries.WriteString(c.world.entry(c.number, "http://"+address))
	}
	write(t, "tokenaudit.yaml", "version: 1\nsources:\n"+entries.String())
	synctest.Test(t, func(t *testing.T) {
		transport := &http.Transport{DialContext: func(_ context.Context, _, address string) (net.Conn, error) {
			client, server := net.Pipe()
			go byAddress[address].serve(server)
			return client, nil
		}}
		f := &fixture{environ: leakEnvironment(), transport: transport}
		defer transport.CloseIdleConnections()
		for _, args := range commands {
			got := f.execute(t.Context(), args...)
			if got.code == 2 {
				t.Errorf("%s: %s", args[0], got.err)
			}
			noLeakIn(t, args[0]+": stdout", got.out, byAddress)
			noLeakIn(t, args[0]+": stderr", got.err, byAddress)
		}
	})
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".out" {
			return err
		}
		text, err := os.ReadFile(path)
		noLeakIn(t, path, string(text), byAddress)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return looked, shown
}

// noLeakIn tells the lines that hold a secret, and the place that they are from.
func noLeakIn(t *testing.T, name, text string, byAddress map[string]*leakCopy) {
	t.Helper()
	if !emulator.ContainsSecret([]byte(text)) {
		return
	}
	told := 0
	for line := range strings.Lines(text) {
		if !emulator.ContainsSecret([]byte(line)) || told > 20 {
			continue
		}
		told++
		at := max(0, strings.Index(strings.ToLower(line), emulator.SecretMark))
		t.Errorf("%s holds a secret: %.300s", name, line[max(0, at-200):])
		if m := copyNumber.FindStringSubmatch(line); m != nil {
			if c := byAddress["127.0.0.1:"+m[1]]; c != nil {
				t.Logf("%s %s, at %d of\n%.2000s", c.world.cms, c.place.key, c.place.at, c.text())
			}
		}
	}
}
