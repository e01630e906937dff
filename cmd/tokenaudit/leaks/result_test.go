package leaks

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/exposure/search"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report/format"
)

func TestExitCodes(t *testing.T) {
	found := []place{{Hit: search.Hit{Token: "t", File: "f", Line: 1}}}
	for name, c := range map[string]struct {
		result result
		want   int
	}{
		"clean":                       {result{all: 1}, 0},
		"found":                       {result{all: 1, Found: found}, 1},
		"not compared":                {result{all: 1, NotCompared: []notCompared{{Tokens: 1}}}, 3},
		"not read":                    {result{all: 1, NotRead: []notRead{{}}}, 3},
		"not searched":                {result{all: 1, NotSearched: []string{"f"}}, 3},
		"no token":                    {result{}, 3},
		"found beats what is missing": {result{all: 1, Found: found, NotRead: []notRead{{}}}, 1},
	} {
		if got := c.result.exitCode(); got != c.want {
			t.Errorf("%s: exit code %d, want %d", name, got, c.want)
		}
		if c.want == 3 && len(c.result.remarks()) == 0 {
			t.Errorf("%s: nothing says what is missing", name)
		}
	}
}

// SARIF calls a run successful that has read and searched everything, and names the place
// of the message of a commit, which is in no file.
func TestSARIF(t *testing.T) {
	r := result{all: 1, Found: []place{
		{Hit: search.Hit{Token: "t", File: "./a b:c.env", Line: 3, Commit: "0123456789abcdef"}, Name: "web\x1b[31m", Kind: inventory.Delivery},
		{Hit: search.Hit{Token: "t", Line: 2, Commit: "0123456789abcdef"}, Name: "personal token …b6jf of Ada", Kind: inventory.Personal},
	}}
	var out bytes.Buffer
	if err := r.write(&out, "sarif", inventory.Tool{Name: "tokenaudit", Version: "1"}, format.Options{}); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{`"executionSuccessful": true`, `"uri": "./a%20b:c.env"`, `"startLine": 3`, `"uri": ".git"`, `since commit 0123456789ab"`, `secret of \"personal token …b6jf of Ada\" (t)`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
	if !json.Valid(out.Bytes()) || strings.Contains(text, "\x1b") {
		t.Error("the output is not valid, or has a control character")
	}
	r.NotRead = []notRead{{Source: "s", List: "l", Detail: "403"}}
	out.Reset()
	if err := r.write(&out, "sarif", inventory.Tool{}, format.Options{}); err != nil || !strings.Contains(out.String(), `"executionSuccessful": false`) {
		t.Errorf("a run that has not read everything is successful: %v\n%s", err, out.String())
	}
}
