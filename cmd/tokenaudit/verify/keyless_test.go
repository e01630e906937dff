package verify

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/keyless"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
)

// A bundle that nobody signed with a key is signed by an identity.
func TestVerifyKeyless(t *testing.T) {
	const testdata = "../keyless/testdata/"
	ada := keylessFlags{testdata + "audit.tar.sigstore.json", testdata + "trusted_root.json", keyless.Identity{Subject: "ada@example.com", Issuer: "https://accounts.example.com"}}
	eve := ada
	eve.who.Subject = "eve@example.com"
	for name, c := range map[string]struct {
		by          keylessFlags
		says, fails string
	}{
		"ada":    {ada, "  signature   holds: ada@example.com, says https://accounts.example.com, at 2026-11-30T", ""},
		"eve":    {eve, "", "does not hold: the keyless signature of eve@example.com: "},
		"nobody": {keylessFlags{}, "  signature   none: anybody can have written it", ""},
	} {
		var out bytes.Buffer
		err := Run(context.Background(), Options{program: &program.Program{Streams: &console.Streams{Out: &out}}, bundle: testdata + "audit.tar", keyless: c.by})
		if !strings.Contains(out.String(), c.says) || (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s: got %v and %q, want %q and %q", name, err, out.String(), c.fails, c.says)
		}
	}
}
