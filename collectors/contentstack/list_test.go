package contentstack

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

func given(s string) text { return cmsapi.Given(cmsapi.Text(s)) }

func gapError() *cmsapi.Error {
	return &cmsapi.Error{Class: inventory.ErrPermissionDenied, Message: "no"}
}

// tokenList is the body of a list of n tokens; count is left out if negative.
func tokenList(n, count int) string {
	tokens := make([]string, n)
	for i := range tokens {
		tokens[i] = fmt.Sprintf(`{"uid": "blt%04d", "name": "t", "token": "PLANTED-delivery-token"}`, i)
	}
	body := `{"tokens": [` + strings.Join(tokens, ",") + `]`
	if count >= 0 {
		body += fmt.Sprintf(`, "count": %d`, count)
	}
	return body + "}"
}

func TestReadList(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		body     string
		cap      int
		noPaging bool
		items    int
		class    inventory.ErrorClass
		requests int // 0 for any
	}{
		{name: "empty", body: tokenList(0, 0), requests: 1},
		{name: "empty, no count", body: tokenList(0, -1), requests: 1},
		{name: "one page", body: tokenList(7, 7), items: 7, requests: 1},
		{name: "one page, no count", body: tokenList(7, -1), items: 7, requests: 1},
		{name: "a short page that could be a cap, no count", body: tokenList(40, -1), items: 40, requests: 2},
		{name: "three pages", body: tokenList(250, 250), items: 250, requests: 3},
		{name: "three pages, no count", body: tokenList(250, -1), items: 250},
		{name: "a full last page, no count", body: tokenList(200, -1), items: 200},
		{name: "a page cap that nobody published", body: tokenList(120, 120), cap: 50, items: 120, requests: 3},
		{name: "a page cap that nobody published, no count", body: tokenList(120, -1), cap: 50, items: 120},
		{name: "the whole list whatever is skipped", body: tokenList(40, 40), noPaging: true, items: 40, requests: 1},
		{name: "the whole list whatever is skipped, no count", body: tokenList(40, -1), noPaging: true, items: 40, requests: 2},
		{name: "the same hundred forever", body: tokenList(100, -1), noPaging: true, items: 100, class: inventory.ErrTruncated},
		{name: "a count that lies high", body: tokenList(7, 9), items: 7, class: inventory.ErrTruncated},
		{name: "a count that lies low", body: tokenList(7, 3), items: 7, class: inventory.ErrTruncated},
		{name: "a count that is none", body: `{"count": "many", "tokens": [{"uid": "a"}]}`, items: 1, class: inventory.ErrTruncated, requests: 1},
		{name: "repetitions", body: `{"tokens": [{"uid": "a"}, {"uid": "a"}, {"uid": "b"}]}`, items: 2, requests: 1},
		{name: "entries without a uid", body: `{"tokens": [{"uid": "a"}, {"name": "b"}, {"uid": null}, {"uid": ""}, 7, null]}`, items: 1, class: inventory.ErrUnreadable},
		{name: "nothing but entries without a uid", body: `{"tokens": [{}]}`, class: inventory.ErrUnreadable},
		{name: "a number", body: `{"tokens": 12}`, class: inventory.ErrUnreadable},
		{name: "no list", body: `{"notice": "hello"}`, class: inventory.ErrUnreadable},
		{name: "an object", body: `{"tokens": {}}`, class: inventory.ErrUnreadable},
		{name: "an array", body: `[]`, class: inventory.ErrUnreadable},
		{name: "single envelope", body: `{"token": {"uid": "a", "token": "PLANTED"}}`, items: 1, requests: 1},
		{name: "a string where the single token should be", body: `{"token": "PLANTED"}`, class: inventory.ErrUnreadable},
		{name: "cut off", body: `{"tokens": [{"uid": "a"}`, class: inventory.ErrTruncated},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.bodies["/v3/stacks/delivery_tokens k"] = tt.body
			s.pageCap, s.noPaging = tt.cap, tt.noPaging
			s.noCount = !strings.Contains(tt.body, `"count"`)
			c := newTestCollector(t, s)
			got := readList(t.Context(), c.client, tokenListing("/v3/stacks/delivery_tokens", http.Header{"Api_key": {"k"}}))
			if len(got.Items) != tt.items {
				t.Errorf("%d items, want %d", len(got.Items), tt.items)
			}
			class := inventory.ErrorClass("")
			if got.Err != nil {
				class = got.Err.Class
				if got.Err.Path != "/v3/stacks/delivery_tokens" || strings.Contains(got.Err.Error(), "PLANTED") {
					t.Errorf("error %v", got.Err)
				}
			}
			if class != tt.class {
				t.Errorf("class %q, want %q: %v", class, tt.class, got.Err)
			}
			if n := len(s.asked()); tt.requests != 0 && n != tt.requests {
				t.Errorf("%d requests, want %d", n, tt.requests)
			}
		})
	}
}

// A list whose later pages fail keeps what it has, and says that it is not whole.
func TestLaterPageFails(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.bodies["/v3/stacks/delivery_tokens k"] = tokenList(250, 250)
	first := true
	failing := roundTripper(func(r *http.Request) (*http.Response, error) {
		if !first {
			s.replies["/v3/stacks/delivery_tokens k"] = refusal(403, 0, "no")
		}
		first = false
		return s.RoundTrip(r)
	})
	h := newPacedHarness(t, s, serial(failing), true)
	c := collectorOf(t, h)
	got := readList(t.Context(), c.client, tokenListing("/v3/stacks/delivery_tokens", http.Header{"Api_key": {"k"}}))
	u := unit(unitDelivery, len(got.Items) > 0, got.Err)
	if len(got.Items) != 100 || u.Status != inventory.UnitPartial || u.Error != inventory.ErrPermissionDenied {
		t.Errorf("%d items, unit %+v", len(got.Items), u)
	}
}

// serial lets one request through at a time.
func serial(next http.RoundTripper) http.RoundTripper {
	turn := make(chan struct{}, 1)
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		turn <- struct{}{}
		defer func() { <-turn }()
		return next.RoundTrip(r)
	})
}

func newTestCollector(t *testing.T, s *server) *collector {
	t.Helper()
	return collectorOf(t, newHarness(t, s))
}

func collectorOf(t *testing.T, h *harness) *collector {
	t.Helper()
	c, err := newCollector(organizationEntry(), h.run)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*organizationCollector).collector
}
