package conformance

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// fault is one way in which an endpoint misbehaves.
type fault struct {
	name string
	// serve answers in place of the healthy server.
	serve func(http.ResponseWriter, *http.Request, exchange)
	// expect says what must come of it.
	expect expectation
	// classes are those of which the marked unit must have one; for marked only.
	classes []inventory.ErrorClass
	// network is set where more is wrong than the status, the headers or the body of an
	// answer. Else it comes straight from the handler, which costs half of what a network
	// in memory does.
	network bool
	// measured is set if the memory that the run takes is measured.
	measured bool
}

// exchange is what a fault may use.
type exchange struct {
	// healthy asks the healthy server.
	healthy func(*http.Request) *httptest.ResponseRecorder
	// n counts the requests that the fault has met, from 1.
	n int
}

// expectation is what must come of a fault.
type expectation int

const (
	// marked: the unit says that it could not be read.
	marked expectation = iota
	// healed: nothing is missing, and everything is as in the healthy run.
	healed
	// honest: what is missing is marked, what differs is unknown.
	honest
	// honestOrNull: honest, but a field may have been read as null or absent,
	// which its CMS documents with a meaning.
	honestOrNull
	// sane: what is missing is marked somewhere; nothing else is known, because the
	// fault has changed what there is.
	sane
	// bounded: the reading has ended, and the unit says that it was cut.
	bounded
	// harmless: everything is there, only names differ.
	harmless
	// closed: marked, and the rate-limit domain may be closed to others.
	closed
)

type classes = []inventory.ErrorClass

// anyClass are those of an answer that is refused in whichever way.
var anyClass = classes{inventory.ErrPermissionDenied, inventory.ErrUnauthorized, inventory.ErrNotFound, inventory.ErrUnavailable, inventory.ErrUnreadable}

// statusFaults are answers that are no success.
func (s *suite) statusFaults(sc scope) []fault {
	var all []fault
	add := func(name string, status int, header http.Header, body string, told classes) {
		f := fault{name: name, classes: told, serve: func(w http.ResponseWriter, _ *http.Request, _ exchange) {
			answer(w, status, header, body)
		}}
		if slices.Contains(sc.endpoint.Absent, status) {
			f.expect = honest
		}
		all = append(all, f)
	}
	denied := classes{inventory.ErrUnauthorized, inventory.ErrPermissionDenied}
	unavailable := classes{inventory.ErrUnavailable}
	add("401", 401, nil, `{}`, denied)
	add("403", 403, nil, `{}`, denied)
	add("404", 404, nil, `{}`, classes{inventory.ErrNotFound, inventory.ErrPermissionDenied})
	add("409", 409, nil, `{}`, anyClass)
	add("412", 412, nil, `{}`, anyClass)
	add("500", 500, nil, `{"error":"x"}`, unavailable)
	add("502 with HTML", 502, http.Header{"Content-Type": {"text/html"}}, "<html>Bad Gateway</html>", unavailable)
	add("503 without a body", 503, nil, "", unavailable)
	for _, f := range s.target.Failures {
		add(f.Name, f.Status, f.Header, f.Body, f.Classes)
	}
	limited := classes{inventory.ErrRateLimited}
	add("429 for ever", 429, s.target.LimitHeaders, `{}`, limited)
	add("429 without headers for ever", 429, nil, "", limited)
	all = append(all,
		fault{name: "429 that asks for an hour", expect: closed, classes: limited, serve: func(w http.ResponseWriter, _ *http.Request, _ exchange) {
			answer(w, 429, http.Header{"Retry-After": {"3600"}}, "")
		}},
		fault{name: "429 twice", expect: healed, serve: first(2, func(w http.ResponseWriter) { answer(w, 429, s.target.LimitHeaders, "") })},
		fault{name: "429 without headers twice", expect: healed, serve: first(2, func(w http.ResponseWriter) { answer(w, 429, nil, "") })},
		fault{name: "503 once", expect: healed, serve: first(1, func(w http.ResponseWriter) { answer(w, 503, nil, "") })},
		fault{name: "a closed connection once", expect: healed, network: true, serve: first(1, hangUp)},
	)
	return all
}

// connectionFaults are answers that do not come, not whole, or not as JSON.
func connectionFaults() []fault {
	marks := func(name string, told inventory.ErrorClass, serve func(http.ResponseWriter, *http.Request, exchange)) fault {
		return fault{name: name, classes: classes{told, inventory.ErrTruncated}, serve: serve, network: true}
	}
	return []fault{
		marks("HTML with 200", inventory.ErrUnreadable, func(w http.ResponseWriter, _ *http.Request, _ exchange) {
			answer(w, 200, http.Header{"Content-Type": {"text/html"}}, "<html>Log in</html>")
		}),
		marks("an empty body", inventory.ErrUnreadable, func(w http.ResponseWriter, _ *http.Request, _ exchange) { w.WriteHeader(http.StatusOK) }),
		marks("truncated JSON", inventory.ErrUnreadable, func(w http.ResponseWriter, r *http.Request, x exchange) {
			a := x.healthy(r)
			pass(w, a, a.Body.Bytes()[:a.Body.Len()/2])
		}),
		marks("a body that breaks off", inventory.ErrUnavailable, func(w http.ResponseWriter, r *http.Request, x exchange) {
			body := x.healthy(r).Body.Bytes()
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			_, _ = w.Write(body[:len(body)/2])
			hangUp(w)
		}),
		marks("no answer", inventory.ErrTimeout, func(_ http.ResponseWriter, r *http.Request, _ exchange) { <-r.Context().Done() }),
		marks("a byte a second", inventory.ErrTimeout, func(w http.ResponseWriter, r *http.Request, _ exchange) { drip(w, r) }),
		marks("a closed connection", inventory.ErrUnavailable, func(w http.ResponseWriter, _ *http.Request, _ exchange) { hangUp(w) }),
		marks("2 GiB claimed", inventory.ErrTruncated, func(w http.ResponseWriter, r *http.Request, _ exchange) {
			w.Header().Set("Content-Length", strconv.Itoa(2<<30))
			flood(w, r, bytes.Repeat([]byte(" "), 1<<15))
		}),
		marks("2 GiB streamed", inventory.ErrTruncated, func(w http.ResponseWriter, r *http.Request, _ exchange) {
			flood(w, r, bytes.Repeat([]byte(" "), 1<<15))
		}),
		marks("gzip without end", inventory.ErrTruncated, func(w http.ResponseWriter, r *http.Request, _ exchange) {
			// Members of gzip may follow each other, so that this need not be packed
			// again and again.
			w.Header().Set("Content-Encoding", "gzip")
			flood(w, r, packed())
		}),
		marks("a redirect to another host", inventory.ErrUnreadable, func(w http.ResponseWriter, r *http.Request, _ exchange) {
			http.Redirect(w, r, "https://cms.evil.example"+r.URL.RequestURI(), http.StatusFound)
		}),
		marks("a redirect in a circle", inventory.ErrUnreadable, func(w http.ResponseWriter, r *http.Request, _ exchange) {
			http.Redirect(w, r, r.URL.RequestURI(), http.StatusFound)
		}),
		{name: "a redirect to the same host", expect: healed, network: true, serve: func(w http.ResponseWriter, r *http.Request, x exchange) {
			if x.n == 1 {
				http.Redirect(w, r, baseURL+r.URL.RequestURI(), http.StatusTemporaryRedirect)
				return
			}
			a := x.healthy(r)
			pass(w, a, a.Body.Bytes())
		}},
	}
}

// drip sends a byte a second.
func drip(w http.ResponseWriter, r *http.Request) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		_, _ = w.Write([]byte(" "))
		_ = http.NewResponseController(w).Flush()
		select {
		case <-second.C:
		case <-r.Context().Done():
			return
		}
	}
}

// flood sends a block again and again, for as long as somebody reads.
func flood(w http.ResponseWriter, r *http.Request, block []byte) {
	for r.Context().Err() == nil {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// packed is 256 KiB of blanks as one member of gzip.
func packed() []byte {
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	_, _ = zip.Write(bytes.Repeat([]byte(" "), 256<<10))
	_ = zip.Close()
	return b.Bytes()
}

// answer writes a whole answer.
func answer(w http.ResponseWriter, status int, header http.Header, body string) {
	w.Header().Set("Content-Type", "application/json")
	maps.Copy(w.Header(), header)
	w.WriteHeader(status)
	_, _ = fmt.Fprint(w, body)
}

// first fails the first n requests, and is healthy afterwards.
func first(n int, fail func(http.ResponseWriter)) func(http.ResponseWriter, *http.Request, exchange) {
	return func(w http.ResponseWriter, r *http.Request, x exchange) {
		if x.n <= n {
			fail(w)
			return
		}
		a := x.healthy(r)
		pass(w, a, a.Body.Bytes())
	}
}

// hangUp closes the connection.
func hangUp(w http.ResponseWriter) {
	_ = http.NewResponseController(w).Flush()
	if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = c.Close()
	}
}
