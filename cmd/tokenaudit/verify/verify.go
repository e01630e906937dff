// Package verify has the commands verify, which says whether a bundle holds, seal, which
// makes one of what is saved and signs it, and keygen, which makes the keys for that.
package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/bundle"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/signature"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/userfile"
)

// Options are the flags and the argument of verify.
type Options struct {
	program  *program.Program
	bundle   string
	keys     []string
	keyless  keylessFlags
	reDerive bool
}

// maxKey bounds a file with a public key, in bytes.
const maxKey = 64 << 10

// New makes the command.
func New(p *program.Program, run func(context.Context, Options) error) *cobra.Command {
	o := Options{program: p}
	cmd := &cobra.Command{
		Use:   "verify BUNDLE.tar",
		Short: "Check a bundle that --seal wrote, and judge it again",
		Long: `Verify checks that a bundle holds the files that its manifest lists, by their
digests, that they are documents of tokenaudit, and that the keys given have signed.
Without a signature, and a key that you know, a bundle proves only that it is not
damaged: anybody can write one. --sigstore-bundle checks a keyless signature of the
whole file, by the authorities in --trusted-root, without a network.

With --re-derive it judges the inventories in the bundle by the rules and settings in
the bundle, at its audit time, and compares the report byte by byte. The built-in
rules are those of the program; with another version of it, or of OPA, verify says
which verdicts differ. Nothing is sent, and no credential is needed.

Exit codes:
  0  it holds, as far as was asked
  1  it does not
  2  nobody can say: it cannot be read, or another version judges differently`,
		Example: `  tokenaudit verify audit.tar --key seal.key.pub --re-derive
  tokenaudit verify audit.tar --sigstore-bundle audit.tar.sigstore.json \
    --trusted-root trusted_root.json --certificate-identity ada@example.com \
    --certificate-oidc-issuer https://accounts.example.com
  tokenaudit verify audit.tar`,
		Args: cli.Takes("BUNDLE.tar"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.bundle = args[0]
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringArrayVar(&o.keys, "key", nil, "a `file` with a public key that must have signed (repeatable)")
	cli.Group(cmd.Flags().Lookup("key"), cli.VerificationFlags)
	o.keyless.bind(cmd.Flags())
	cmd.Flags().BoolVar(&o.reDerive, "re-derive", false, "judge what is in the bundle again, and compare the report")
	return cmd
}

// brokenError says that a bundle does not hold.
type brokenError struct{ err error }

func (e brokenError) Error() string { return "does not hold: " + e.err.Error() }
func (e brokenError) Unwrap() error { return e.err }

// ExitCode is 1: what was asked has a clear answer.
func (brokenError) ExitCode() int { return 1 }

// Run checks a bundle, and prints what it found out.
func Run(ctx context.Context, o Options) error {
	keys, err := readKeys(o.keys)
	if err != nil {
		return err
	}
	identity, err := o.keyless.read()
	if err != nil {
		return err
	}
	b, digest, err := o.read(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", o.bundle, err)
	}
	var found findings
	found.add("files", "%d, as the manifest lists them", len(b.Files))
	for _, check := range []func() error{
		func() error { return identity.check(digest, &found) },
		func() error { return checkSignatures(ctx, b, keys, identity != nil, &found) },
		func() error { return checkContents(ctx, o.program, b, o.reDerive, &found) },
	} {
		if err := check(); err != nil {
			return fmt.Errorf("%s: %w", o.bundle, err)
		}
	}
	verdict := "holds"
	if found.unchecked {
		verdict = "holds as far as it was checked"
	}
	_, err = fmt.Fprintf(o.program.Out, "%s: %s\n%s", o.bundle, verdict, found.text.String())
	return err
}

// findings are what was found out, a line each.
type findings struct {
	text strings.Builder
	// unchecked: something could have been checked and was not.
	unchecked bool
}

func (f *findings) add(what, format string, args ...any) {
	fmt.Fprintf(&f.text, "  %-10s  %s\n", what, fmt.Sprintf(format, args...))
}

// miss adds what was not checked.
func (f *findings) miss(what, format string, args ...any) {
	f.add(what, format, args...)
	f.unchecked = true
}

// read returns the bundle, and the digest of the file that it was read from.
func (o Options) read(ctx context.Context) (b *bundle.Bundle, digest [sha256.Size]byte, err error) {
	f, err := interruptible.Open(ctx, o.bundle)
	if err != nil {
		return nil, digest, userfile.Reason(err)
	}
	defer f.Close() //nolint:errcheck // opened for reading only
	sum := sha256.New()
	b, err = bundle.Read(io.TeeReader(f, sum))
	if flaw, ok := errors.AsType[*bundle.Flaw](err); ok {
		return nil, digest, brokenError{flaw}
	}
	return b, [sha256.Size]byte(sum.Sum(nil)), err
}

func readKeys(files []string) ([]signature.Verifier, error) {
	var keys []signature.Verifier
	for _, file := range files {
		text, err := userfile.Read(file, maxKey)
		if err != nil {
			return nil, fmt.Errorf("--key %s: %w", file, userfile.Reason(err))
		}
		key, err := signature.ParseVerifier(text)
		if err != nil {
			return nil, cli.Misuse(fmt.Errorf("--key %s: %w", file, err))
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// checkSignatures demands that all keys have signed. identified: an identity has signed the file.
func checkSignatures(ctx context.Context, b *bundle.Bundle, keys []signature.Verifier, identified bool, found *findings) error {
	if b.Envelope == nil {
		if len(keys) > 0 {
			return brokenError{errors.New("it is not signed")}
		}
		if !identified {
			found.miss("signature", "none: anybody can have written it")
		}
		return nil
	}
	manifest, err := b.Manifest()
	if err != nil {
		return err
	}
	envelope, err := signature.Parse(b.Envelope, bundle.Manifest, manifest)
	if err != nil {
		return brokenError{err}
	}
	checked := map[string]bool{}
	for _, key := range keys {
		if err := envelope.Verify(ctx, key); err != nil {
			return brokenError{err}
		}
		checked[key.ID()] = true
	}
	for _, id := range envelope.KeyIDs() {
		if checked[id] {
			found.add("signature", "holds: key %s", id)
		} else {
			found.miss("signature", "not checked: it says key %s; --key checks it", id)
		}
	}
	return nil
}
