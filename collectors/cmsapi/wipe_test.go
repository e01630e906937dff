package cmsapi

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/exposure"
)

// A body that was read is overwritten, and what was decoded from it stays as it is.
func TestBodiesAreOverwritten(t *testing.T) {
	const text = `{"name":"plain","other":"esc\u0061ped","list":["a"]}`
	a := &answer{status: http.StatusOK, body: []byte(text)}
	var out struct {
		Name  Field[string]    `json:"name"`
		Other Field[Text]      `json:"other"`
		List  List[string]     `json:"list"`
		Gone  Map[Field[Text]] `json:"gone"`
	}
	if err := decode(a, &out); err != nil {
		t.Fatal(err)
	}
	a.wipe()
	if len(bytes.Trim(a.body, "\x00")) > 0 {
		t.Errorf("the body is still %q", a.body)
	}
	if out.Name.Value != "plain" || out.Other.Value != "escaped" || out.List.Items[0] != "a" {
		t.Errorf("what was decoded has changed with the body: %+v", out)
	}
}

// A request that says where the secrets are has them hashed; nothing is without that.
func TestSecretsOfAnswersAreHashed(t *testing.T) {
	const secret = "a-live-secret-in-the-list"
	secrets, err := exposure.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer secrets.Close()
	transport := wire(func(r *http.Request) (*http.Response, error) {
		body := `{"data":[{"id":"1","token":"` + secret + `"}]}`
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})
	session, err := NewSession(Options{Transport: transport, Secrets: secrets})
	if err != nil {
		t.Fatal(err)
	}
	client, err := session.Client(Config{CMS: "x", BaseURL: "https://cms.example"})
	if err != nil {
		t.Fatal(err)
	}
	var out struct {
		Data List[struct{}] `json:"data"`
	}
	if _, err := client.Get(t.Context(), Request{Path: "/"}, &out); err != nil || secrets.Len() != 0 {
		t.Fatalf("%d hashed without being asked for, %v", secrets.Len(), err)
	}
	layout := exposure.Layout{Tokens: []string{"data"}, Ref: []string{"id"}, Secrets: []exposure.Place{{
		Path: []string{"token"}, Token: func(ref string) string { return "x/" + ref },
	}}}
	if _, err := client.Get(t.Context(), Request{Path: "/", Secrets: []exposure.Layout{layout}}, &out); err != nil {
		t.Fatal(err)
	}
	if got := secrets.Tokens([]byte(secret)); len(got) != 1 || got[0] != "x/1" {
		t.Errorf("the secret is of %q", got)
	}
}
