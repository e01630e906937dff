package conformance

import (
	"bytes"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
)

// answers are those of the healthy server, by the requests. All cases ask for the same,
// so that it is asked once.
type answers struct{ known sync.Map }

type knownAnswer struct {
	status int
	header http.Header
	body   []byte
}

// to returns the answer to a request; the caller may change it.
func (a *answers) to(target Target, r *http.Request) *httptest.ResponseRecorder {
	key := r.Method + " " + r.RequestURI + "\n" + headersOf(r)
	known, _ := a.known.Load(key)
	k, ok := known.(knownAnswer)
	if !ok {
		recorder := httptest.NewRecorder()
		target.Handler().ServeHTTP(recorder, r)
		k = knownAnswer{recorder.Code, recorder.Header(), recorder.Body.Bytes()}
		a.known.Store(key, k)
	}
	again := httptest.NewRecorder()
	maps.Copy(again.Header(), k.header)
	again.Code, again.Body = k.status, bytes.NewBuffer(slices.Clip(k.body))
	return again
}
