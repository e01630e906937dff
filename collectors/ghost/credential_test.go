package ghost

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// TestSignature takes the key, the text and the signature of RFC 7515, A.1.
func TestSignature(t *testing.T) {
	key, err := base64.RawURLEncoding.DecodeString("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
	if err != nil {
		t.Fatal(err)
	}
	const text = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	if got := base64.RawURLEncoding.EncodeToString(signer("k", key).sign(text)); got != "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" {
		t.Error(got)
	}
}

// TestAuthorize holds what Ghost checks of a signed request, and that each
// request gets a new one.
func TestAuthorize(t *testing.T) {
	c, err := parseCredential(cmsapi.NewSecret(" " + strings.ToUpper(ownKey+":"+ownSecret) + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	clock := auditTime
	authorize := c.authorize(func() time.Time { return clock })
	for range 2 {
		h := http.Header{}
		authorize(h)
		signed, isGhost := strings.CutPrefix(h.Get("Authorization"), "Ghost ")
		parts := strings.Split(signed, ".")
		if !isGhost || len(parts) != 3 {
			t.Fatalf("%d parts", len(parts))
		}
		var header, claims map[string]any
		for i, into := range []*map[string]any{&header, &claims} {
			text, err := base64.RawURLEncoding.DecodeString(parts[i])
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, into); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(map[string]any{"alg": "HS256", "typ": "JWT", "kid": ownKey}, header); diff != "" {
			t.Error(diff)
		}
		begin := float64(clock.Unix())
		if diff := cmp.Diff(map[string]any{"iat": begin, "exp": begin + 300, "aud": "/admin/"}, claims); diff != "" {
			t.Error(diff)
		}
		secret, err := hex.DecodeString(ownSecret)
		if err != nil {
			t.Fatal(err)
		}
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(parts[0] + "." + parts[1]))
		if base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) != parts[2] {
			t.Error("the signature is not that of the secret's bytes")
		}
		clock = clock.Add(time.Hour)
	}
}

// TestIncompleteEntries: each gives one error, which does not quote the token.
func TestIncompleteEntries(t *testing.T) {
	const wrong = "token is not a staff access token of Ghost, which has the form id:secret with 24 and 64 hexadecimal digits"
	for token, want := range map[string]string{
		"":                                   "token is missing",
		"26hexdigitsofacontentkey00":         wrong,
		ownSecret:                            wrong,
		ownKey + ":":                         wrong,
		ownKey + ":" + ownSecret + "zz":      wrong,
		"x" + ownKey + ":" + ownSecret:       wrong,
		ownKey + ":" + ownSecret[1:]:         "token is not a staff access token of Ghost: its secret has an odd number of digits",
		ownKey + ":" + ownSecret + ":5ec4e7": wrong,
	} {
		session, err := cmsapi.NewSession(cmsapi.Options{})
		if err != nil {
			t.Fatal(err)
		}
		e := entryWith("magazine", token)
		e.BaseURL = "https://magazine.example.com"
		if _, err := newCollector(e, collectors.Run{API: session, Now: time.Now}); err == nil || err.Error() != want {
			t.Errorf("%v, not %s", err, want)
		}
		session.Close()
	}
}

// TestNoSignedRequestIsPrinted: the scan signs requests anew all the time, and a
// server may quote any of them, such as in a redirect.
func TestNoSignedRequestIsPrinted(t *testing.T) {
	var sent []string
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		sent = append(sent, strings.TrimPrefix(r.Header.Get("Authorization"), "Ghost "))
		http.Redirect(w, r, "https://"+strings.Join(sent, ".and.")+".example", http.StatusFound)
	}))
	defer server.Close()
	run := conformance.NewRun(t, cmsapi.Options{Unpaced: true}, auditTime)
	var minutes atomic.Int64
	run.Now = func() time.Time { return auditTime.Add(time.Duration(minutes.Add(1)) * time.Minute) }
	e := entryWith("magazine", ownKey+":"+ownSecret)
	e.BaseURL = server.URL
	c, err := newCollector(e, run)
	if err != nil {
		t.Fatal(err)
	}
	s := conformance.Collect(t, c)
	for _, u := range s.Units {
		if u.Status == inventory.UnitComplete {
			t.Errorf("%s is complete", u.Name)
		}
		for _, signed := range sent {
			if signature := signed[strings.LastIndexByte(signed, '.')+1:]; strings.Contains(u.Detail, signature) {
				t.Errorf("%s: %s", u.Name, u.Detail)
			}
		}
	}
	if len(slices.Compact(slices.Sorted(slices.Values(sent)))) != 4 {
		t.Errorf("%d requests were signed", len(sent))
	}
}
