//go:build integration

package integration

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// api is the API of a CMS, as the seed uses it.
type api struct {
	base string
	// authorize puts the credential on a request; nil for none.
	authorize func(*http.Request)
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func basic(user, password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(user, password) }
}

// as returns the API with another credential.
func (a api) as(authorize func(*http.Request)) api { return api{a.base, authorize} }

// status sends a request and returns the status; body is JSON or empty.
func (a api) status(t *testing.T, method, path, body string, out any) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, a.base+path, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if a.authorize != nil {
		a.authorize(r)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if out == nil {
		return response.StatusCode
	}
	if err := json.Unmarshal(answer, out); err != nil || response.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %v", method, path, response.StatusCode, err)
	}
	return response.StatusCode
}

func (a api) post(t *testing.T, path, body string, out any) {
	t.Helper()
	a.status(t, http.MethodPost, path, body, out)
}

// use makes a GET that has to succeed.
func (a api) use(t *testing.T, path string) {
	t.Helper()
	if status := a.status(t, http.MethodGet, path, "", nil); status != http.StatusOK {
		t.Fatalf("GET %s: %d", path, status)
	}
}
