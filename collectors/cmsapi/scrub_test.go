package cmsapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// minting makes a client of which each request carries a credential of its own,
// and a server that quotes what it was sent, and all that it was sent before.
func minting(t *testing.T) (c *Client, sent *[]string) {
	t.Helper()
	sent = &[]string{}
	n := 0
	server := func(r *http.Request) (*http.Response, error) {
		*sent = append(*sent, strings.TrimPrefix(r.Header.Get("Authorization"), "Ghost "))
		return reply(http.StatusForbidden, "")
	}
	return newClient(t, server, Options{}, func(c *Config) {
		c.Authorize = func(h http.Header) {
			n++
			h.Set("Authorization", fmt.Sprintf("Ghost header.claims%d.signature%d", n, n))
		}
		c.Classify = func(Failure) *Error { return &Error{Message: strings.Join(*sent, ", ")} }
	}), sent
}

// A client may mint a credential for each request. None of them is ever printed,
// whole or by its signature alone.
func TestEveryMintedCredentialIsScrubbed(t *testing.T) {
	t.Parallel()
	client, sent := minting(t)
	for range 3 {
		_, err := get(t, client)
		if err == nil || strings.Contains(err.Error(), "signature") {
			t.Errorf("after %d requests: %v", len(*sent), err)
		}
	}
	if len(*sent) != 3 || (*sent)[1] == (*sent)[2] {
		t.Errorf("the test mints nothing: %v", *sent)
	}
	_, err := client.WithLimit(Limit{Domain: "other"}).Get(t.Context(), Request{Path: "/claims/header.claims3.signature3"}, nil)
	if err == nil || strings.Contains(err.Error(), "signature") {
		t.Errorf("a copy of the client does not know what the client has minted: %v", err)
	}
}

// What is remembered of minted credentials is bounded, and the latest of them.
func TestMintedCredentialsAreBounded(t *testing.T) {
	t.Parallel()
	var m minted
	for i := range 3 * maxMinted {
		m.add([]string{"the-same", fmt.Sprintf("minted-%d", i)})
	}
	all := m.all()
	if len(all) != maxMinted {
		t.Errorf("%d are remembered", len(all))
	}
	for _, want := range []string{"the-same", fmt.Sprintf("minted-%d", 3*maxMinted-1), fmt.Sprintf("minted-%d", 2*maxMinted+1)} {
		if !slices.Contains(all, want) {
			t.Errorf("%s is forgotten", want)
		}
	}
}
