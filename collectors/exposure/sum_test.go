package exposure

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
)

// known is a random key that a test knows.
func known() []byte { return bytes.Repeat([]byte{7}, keySize) }

func open(t *testing.T) *Secrets {
	t.Helper()
	s, err := New(bytes.NewReader(known()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestSumIsHMAC(t *testing.T) {
	s := open(t)
	for _, n := range []int{0, 1, 26, 43, 55, 56, 63, 64, 256, maxSecret} {
		secret := bytes.Repeat([]byte("x"), n)
		for _, purpose := range []byte{exactly, bySuffix} {
			var got digest
			if !s.vault.sum(&got, purpose, secret) {
				t.Fatalf("%d bytes have no hash", n)
			}
			mac := hmac.New(sha256.New, known())
			mac.Write([]byte{purpose})
			mac.Write(secret)
			if !bytes.Equal(got[:], mac.Sum(nil)) {
				t.Errorf("%d bytes: the hash is not HMAC-SHA256", n)
			}
		}
	}
	if (s.vault.sum(&digest{}, exactly, make([]byte, maxSecret+1))) {
		t.Error("more than the page holds was hashed")
	}
}

// The page holds the key, padded twice, and nothing of what was hashed.
func TestPageForgetsWhatWasHashed(t *testing.T) {
	s := open(t)
	s.Add("a", []byte("a-secret-of-many-characters"))
	page := s.vault.page
	if bytes.Contains(page, []byte("secret")) {
		t.Error("the page holds the secret after it was hashed")
	}
	s.Close()
	if s.vault.page != nil || s.vault.sum(&digest{}, exactly, nil) {
		t.Error("a closed vault hashes")
	}
	s.Close()
}

func TestKeysDiffer(t *testing.T) {
	a, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var x, y digest
	a.vault.sum(&x, exactly, []byte("s"))
	b.vault.sum(&y, exactly, []byte("s"))
	if x == y {
		t.Error("two runs have the same key")
	}
	if _, err := New(strings.NewReader("short")); err == nil {
		t.Error("a key of five bytes was taken")
	}
}

func TestDigestsArePrintedNowhere(t *testing.T) {
	d := &digest{1, 2, 3}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		if got := fmt.Sprintf(verb, d); got != "[REDACTED]" {
			t.Errorf("%s prints %q", verb, got)
		}
	}
}

func TestReadFollowsTheLayout(t *testing.T) {
	in := func(prefix string) func(string) string {
		return func(ref string) string { return prefix + ref }
	}
	secret := func(n int) string { return fmt.Sprintf("secret-number-%08d", n) }
	for name, c := range map[string]struct {
		body   string
		layout Layout
		want   map[string]string
	}{
		"a member": {
			`{"items":[{"sys":{"id":"a"},"accessToken":"` + secret(1) + `"},{"sys":{"id":"b"},"accessToken":"` + secret(2) + `"}]}`,
			Layout{Tokens: []string{"items"}, Ref: []string{"sys", "id"}, Secrets: []Place{{[]string{"accessToken"}, in("x/")}}},
			map[string]string{secret(1): "x/a", secret(2): "x/b"},
		},
		"lists in lists, an id that is a number": {
			"\ufeff" + ` {"integrations": [ {"api_keys": [{"id": 7, "secret": "` + secret(1) + `"}, null, 5]}, {"api_keys": []}, {} ]} `,
			Layout{Tokens: []string{"integrations", "api_keys"}, Ref: []string{"id"}, Secrets: []Place{{[]string{"secret"}, in("k/")}}},
			map[string]string{secret(1): "k/7"},
		},
		"two secrets": {
			`{"tokens":[{"uid":"d","token":"` + secret(1) + `","preview_token":"` + secret(2) + `"}]}`,
			Layout{Tokens: []string{"tokens"}, Ref: []string{"uid"}, Secrets: []Place{{[]string{"token"}, in("")}, {[]string{"preview_token"}, in("p/")}}},
			map[string]string{secret(1): "d", secret(2): "p/d"},
		},
		"an escape": {
			`{"items":[{"id":"a","s":"secret\u002dnumber-00000001"}]}`,
			Layout{Tokens: []string{"items"}, Ref: []string{"id"}, Secrets: []Place{{[]string{"s"}, in("")}}},
			map[string]string{secret(1): "a"},
		},
		"no secrets": {
			`{"items":[{"id":"a","s":null},{"id":"b"},{"id":"c","s":"**********************"},{"id":"d","s":"short"},{"s":"` + secret(1) + `"},{"id":{},"s":"` + secret(1) + `"},{"id":"e","s":{"s":"` + secret(1) + `"}}]}`,
			Layout{Tokens: []string{"items"}, Ref: []string{"id"}, Secrets: []Place{{[]string{"s"}, in("")}}},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			s.Read([]byte(c.body), []Layout{c.layout})
			if s.Len() != len(c.want) {
				t.Errorf("%d tokens can be compared, %d wanted", s.Len(), len(c.want))
			}
			for secret, token := range c.want {
				if got := s.Tokens([]byte(secret)); len(got) != 1 || got[0] != token || !s.Compared(token) {
					t.Errorf("%q is of %q, not of %q", secret, got, token)
				}
			}
		})
	}
}
