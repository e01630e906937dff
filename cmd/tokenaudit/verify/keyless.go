package verify

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/keyless"
	"github.com/tokenaudit/tokenaudit/collectors/userfile"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// keylessFlags name a keyless signature and who must have made it, in cosign's words.
type keylessFlags struct {
	bundle string
	root   string
	who    keyless.Identity
}

func (k *keylessFlags) bind(f *pflag.FlagSet) {
	f.StringVar(&k.bundle, "sigstore-bundle", "", "a `file` with a keyless signature of the bundle, by cosign or sigstore")
	f.StringVar(&k.root, "trusted-root", "", "the `file` with the authorities and logs that are trusted (trusted_root.json)")
	f.StringVar(&k.who.Subject, "certificate-identity", "", "the `name` that must have signed, as a whole: an email address or a URL")
	f.StringVar(&k.who.Issuer, "certificate-oidc-issuer", "", "the `URL` of the issuer that vouches for the name")
}

// keylessCheck is a keyless signature with what it must hold against.
type keylessCheck struct {
	signature keyless.Signature
	root      keyless.Root
	who       keyless.Identity
}

// read returns nil where no keyless signature is to be checked.
func (k *keylessFlags) read() (*keylessCheck, error) {
	if *k == (keylessFlags{}) {
		return nil, nil
	}
	if k.bundle == "" || k.root == "" || k.who.Subject == "" || k.who.Issuer == "" {
		return nil, cli.Misuse(errors.New("--sigstore-bundle, --trusted-root, --certificate-identity and --certificate-oidc-issuer go together: give all four"))
	}
	c := &keylessCheck{who: k.who}
	text, err := userfile.Read(k.root, keyless.MaxFile)
	if err == nil {
		c.root, err = keyless.ParseRoot(text)
	}
	if err != nil {
		return nil, cli.Misuse(fmt.Errorf("--trusted-root %s: %w", k.root, userfile.Reason(err)))
	}
	text, err = userfile.Read(k.bundle, keyless.MaxFile)
	if err == nil {
		c.signature, err = keyless.Parse(text)
	}
	if err != nil {
		return nil, cli.Misuse(fmt.Errorf("--sigstore-bundle %s: %w", k.bundle, userfile.Reason(err)))
	}
	return c, nil
}

// check checks the signature of the file with this digest; nil checks nothing.
func (c *keylessCheck) check(digest [sha256.Size]byte, found *findings) error {
	if c == nil {
		return nil
	}
	at, err := c.signature.Verify(c.root, digest, c.who)
	if err != nil {
		return brokenError{err}
	}
	found.add("signature", "holds: %s, says %s, at %s", safetext.OneLine(c.who.Subject), safetext.OneLine(c.who.Issuer), at.Format(time.RFC3339))
	return nil
}
