package cmsapi

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestGetDecodesTheAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/spaces" || r.URL.Query().Get("limit") != "100" {
			t.Errorf("got %s %s", r.Method, r.URL)
		}
		if got := r.Header.Get("Authorization"); got != "Bearer s3cret-credential" {
			t.Errorf("Authorization = %q", got)
		}
		_, _ = w.Write([]byte(`{"items":[{"id":"a"}]}`))
	}))
	defer server.Close()
	session, err := NewSession(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	client, err := session.Client(Config{CMS: "contentful", BaseURL: server.URL,
		Authorize: func(h http.Header) { h.Set("Authorization", "Bearer s3cret-credential") }})
	if err != nil {
		t.Fatal(err)
	}
	var out struct{ Items []struct{ ID string } }
	response, err := client.Get(t.Context(), Request{Path: "/spaces", Query: map[string][]string{"limit": {"100"}}}, &out)
	if err != nil {
		t.Fatal(err)
	}
	if response.Status != 200 || len(out.Items) != 1 || out.Items[0].ID != "a" {
		t.Errorf("got status %d, %+v", response.Status, out)
	}
}
