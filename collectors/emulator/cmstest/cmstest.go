// Package cmstest asks an emulator of a CMS in tests, and takes its answers apart.
package cmstest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Noon is the time of all tests of emulators.
func Noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// Answer is what a test sees of a response.
type Answer struct {
	Status int
	Header http.Header
	// Raw is the body as sent; Body is it decoded, nil where it is not JSON.
	Raw  []byte
	Body any
}

// At walks a decoded body: strings are members, numbers are elements. It is nil
// where the path leads nowhere.
func (a Answer) At(path ...any) any {
	value := a.Body
	for _, step := range path {
		switch s := step.(type) {
		case string:
			o, _ := value.(map[string]any)
			value = o[s]
		case int:
			items, _ := value.([]any)
			if s >= len(items) {
				return nil
			}
			value = items[s]
		}
	}
	return value
}

// All returns one member of every element of a list.
func All(list any, path ...any) []any {
	var out []any
	items, _ := list.([]any)
	for _, item := range items {
		out = append(out, Answer{Body: item}.At(path...))
	}
	return out
}

// Get sends one request. Header lines are "Name: value".
func Get(t *testing.T, h http.Handler, target string, header ...string) Answer {
	t.Helper()
	return Ask(t, h, http.MethodGet, target, header...)
}

// Ask sends one request of any method, without a body.
func Ask(t *testing.T, h http.Handler, method, target string, header ...string) Answer {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, http.NoBody)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	a := Answer{Status: w.Code, Header: w.Header(), Raw: w.Body.Bytes()}
	if len(a.Raw) > 0 && a.Header.Get("Content-Encoding") == "" {
		_ = json.Unmarshal(a.Raw, &a.Body)
	}
	return a
}

// Equal fails a test where two values print differently.
func Equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
		t.Errorf("%s: got %#v, want %#v", what, got, want)
	}
}
