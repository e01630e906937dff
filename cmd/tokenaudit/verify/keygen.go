package verify

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/signature"
	"github.com/tokenaudit/tokenaudit/collectors/userfile"
)

// NewKeygen makes the command keygen.
func NewKeygen(p *program.Program) *cobra.Command {
	kind := string(signature.P256)
	cmd := &cobra.Command{
		Use:   "keygen FILE",
		Short: "Make a key that signs bundles",
		Long: `Keygen writes a private key to FILE, which only you can read, and the public key to
FILE.pub, both in PEM. It overwrites neither. --seal-key takes the private key, verify
--key the public one. Give the public key to those who verify by a separate channel: one
that comes with the bundle proves nothing.`,
		Example: `  tokenaudit keygen seal.key
  tokenaudit scan --seal audit.tar --seal-key seal.key
  tokenaudit verify audit.tar --key seal.key.pub --re-derive`,
		Args: cli.Takes("FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			if !slices.Contains(signature.Types(), signature.Type(kind)) {
				return cli.Misuse(fmt.Errorf("invalid --type %q: expected ecdsa-p256 or ed25519", kind))
			}
			return keygen(p, args[0], signature.Type(kind))
		},
	}
	cmd.Flags().StringVar(&kind, "type", kind, "the `kind` of key: ecdsa-p256 or ed25519")
	return cmd
}

func keygen(p *program.Program, file string, kind signature.Type) error {
	public := file + ".pub"
	// Nothing is left behind where the other half cannot be written.
	if _, err := os.Lstat(public); err == nil {
		return refuse(public, fs.ErrExist)
	}
	private, publicText, err := signature.Generate(kind)
	if err != nil {
		return err
	}
	defer clear(private)
	if err := writeNew(file, private, 0o600); err != nil {
		return err
	}
	if err := writeNew(public, publicText, 0o644); err != nil {
		return errors.Join(err, os.Remove(file))
	}
	key, err := signature.ParseVerifier(publicText)
	if err != nil {
		return err
	}
	p.Note("wrote %s, which is secret, and %s: key %s", file, public, key.ID())
	return nil
}

func writeNew(path string, text []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return refuse(path, err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(path))
	}
	return nil
}

func refuse(path string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("refusing to overwrite %s: a key that is lost cannot be made again", path)
	}
	return fmt.Errorf("write %s: %w", path, userfile.Reason(err))
}
