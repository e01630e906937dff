package cmsapi

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// TestAmbiguousAnswersAreRefused: neither of two members of one name is taken,
// and what the server itself calls a part is not a whole list.
func TestAmbiguousAnswersAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		class  inventory.ErrorClass
		says   string
	}{
		"a member twice":         {200, `{"items":["a"],"items":[]}`, inventory.ErrUnreadable, "has a duplicate key, at byte 15"},
		"a member twice, within": {200, `{"items":[],"x":[{"s3cret":1,"s3cret":2}]}`, inventory.ErrUnreadable, "has a duplicate key"},
		"a part":                 {206, `{"items":["a"]}`, inventory.ErrTruncated, "partial content"},
		"no content":             {204, ``, inventory.ErrUnreadable, "empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, func(*http.Request) (*http.Response, error) { return reply(test.status, test.body) }, Options{}, nil)
			_, err := get(t, client)
			if err == nil || err.Class != test.class || !strings.Contains(err.Message, test.says) || strings.Contains(err.Message, "s3cret") {
				t.Errorf("%v", err)
			}
		})
	}
}
