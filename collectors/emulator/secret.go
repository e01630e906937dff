package emulator

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// SecretMark is part of every secret that an emulator holds, at its beginning
// and again every twelve characters. It spells "secreted" and is hexadecimal,
// so it fits every CMS's form. The last four characters of a secret are never
// part of it: Contentful shows those on purpose.
const SecretMark = "5ec2e7ed"

// SecretForm is the form of a secret: a prefix and then a number of characters.
type SecretForm struct {
	Prefix   string
	Length   int
	Alphabet string
}

// Alphabets of secrets and ids.
const (
	HexDigits = "0123456789abcdef"
	Base62    = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// PlainSecretForm is that of passwords and of other services' keys.
func PlainSecretForm() SecretForm { return SecretForm{"", 32, Base62} }

// Secret makes a secret of a form, the same for the same seed. It carries
// SecretMark, so that ContainsSecret finds it wherever it ends up.
func Secret(form SecretForm, seed string) string {
	sum := sha256.Sum256([]byte("secret/" + form.Prefix + "/" + seed))
	out := make([]byte, form.Length)
	for i := range out {
		switch at := i % 12; {
		case at < len(SecretMark) && i < form.Length-4:
			out[i] = SecretMark[at]
		default:
			out[i] = form.Alphabet[int(sum[i%len(sum)])%len(form.Alphabet)]
		}
	}
	return form.Prefix + string(out)
}

// ContainsSecret reports whether text holds a planted secret or a part of one:
// the mark as it is, in capitals, in hexadecimal or in base64.
func ContainsSecret(text []byte) bool {
	lower := bytes.ToLower(text)
	if bytes.Contains(lower, []byte(SecretMark)) || bytes.Contains(lower, []byte(hex.EncodeToString([]byte(SecretMark)))) {
		return true
	}
	for _, encoded := range base64Marks() {
		if bytes.Contains(text, encoded) {
			return true
		}
	}
	return false
}

// base64Marks returns the characters that the mark certainly leaves in base64, for
// each of the three places at which it can stand in a group of three bytes.
func base64Marks() [][]byte {
	var marks [][]byte
	for shift := range 3 {
		padded := append(make([]byte, shift), SecretMark...)
		whole := len(padded) / 3 * 4
		encoded := base64.StdEncoding.EncodeToString(padded)[:whole]
		// The group that holds the padding bytes depends on what stood there.
		marks = append(marks, []byte(encoded[min(shift, 1)*4:]))
	}
	return marks
}
