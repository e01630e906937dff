package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/sourcegraph/conc"
)

// knownKey draws a key that a test knows.
type knownKey struct{}

func (knownKey) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 7
	}
	return len(p), nil
}

// plantedSecrets are those that the fixture's lists show.
func plantedSecrets() []string {
	return []string{
		contentfulKeySecret("k1"), contentfulKeySecret("p1"), contentfulKeySecret("k2"), contentstackTokenSecret("d1"), contentstackTokenSecret("d1p"),
		datocmsSecret("auditor"), datocmsSecret("importer"), datocmsSecret("website"),
	}
}

// hashesOf are the keyed hashes of secrets with the known key, in every form in which one
// could be printed. It is how exposure makes them, written a second time.
func hashesOf(secrets []string) [][]byte {
	key := make([]byte, 32)
	_, _ = knownKey{}.Read(key)
	forms := [][]byte{key, []byte(hex.EncodeToString(key))}
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, key)
		mac.Write(append([]byte{0}, secret...))
		sum := mac.Sum(nil)
		words := strings.Trim(fmt.Sprintf("%d", sum[:6]), "[]")
		trace := strings.Trim(strings.ReplaceAll(fmt.Sprintf("%#v", sum[:4]), "[]byte", ""), "{}")
		for _, form := range []string{
			string(sum[:8]), hex.EncodeToString(sum[:8]), strings.ToUpper(hex.EncodeToString(sum[:8])),
			base64.StdEncoding.EncodeToString(sum[:9]), base64.URLEncoding.EncodeToString(sum[:9]), words, strings.ReplaceAll(words, " ", ","), trace,
		} {
			forms = append(forms, []byte(form))
		}
	}
	return forms
}

func holdsAny(text []byte, forms [][]byte) bool {
	for _, form := range forms {
		if bytes.Contains(text, form) {
			return true
		}
	}
	return false
}

// noHash looks for hashes in an outcome and in every file of the working directory.
func noHash(t *testing.T, name string, got outcome, hashes [][]byte) {
	t.Helper()
	if holdsAny([]byte(got.out), hashes) || holdsAny([]byte(got.err), hashes) {
		t.Errorf("%s: what is printed holds a hash", name)
	}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if holdsAny(text, hashes) {
			t.Errorf("%s: the file %s holds a hash", name, path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// leakedFiles are files that hold planted secrets, outside the working directory.
type leakedFiles struct{ gitleaks, trufflehog, github, folder string }

func leakReports(t *testing.T) leakedFiles {
	t.Helper()
	dir := t.TempDir()
	l := leakedFiles{filepath.Join(dir, "gitleaks.json"), filepath.Join(dir, "trufflehog.json"), filepath.Join(dir, "github.json"), filepath.Join(dir, "src")}
	secrets := plantedSecrets()
	write(t, l.gitleaks, fmt.Sprintf(`[{"RuleID":"generic-api-key","Match":"x=%[1]s","Secret":%[1]q,"File":"web/%[1]s.env","StartLine":3,"Commit":"0a1b2c"}]`, secrets[0]))
	write(t, l.trufflehog, fmt.Sprintf(`{"SourceMetadata":{"Data":{"Git":{"file":"a","line":1}}},"DetectorName":"X","Raw":%q}`+"\n", contentfulSecret("t-never")))
	write(t, l.github, fmt.Sprintf(`[{"secret_type":"x","secret":%q,"html_url":"https://github.com/o/r/1"}]`, secrets[3]))
	write(t, filepath.Join(l.folder, "a.env"), "ONE="+strings.Join(secrets, "\nNEXT=")+"\n")
	return l
}

// maxDumps bounds the dumps of goroutines, in bytes.
const maxDumps = 32 << 20

// dumpGoroutines dumps the stacks of all goroutines again and again, until the result is
// called, which returns them.
func dumpGoroutines(t *testing.T) func() []byte {
	t.Helper()
	var all bytes.Buffer
	var dumping conc.WaitGroup
	quit := make(chan struct{})
	dumping.Go(func() {
		dump := make([]byte, 1<<20)
		for {
			select {
			case <-quit:
				return
			default:
			}
			all.Write(dump[:runtime.Stack(dump, true)])
			if all.Len() > maxDumps {
				return // the first run, which is of everything, is over
			}
		}
	})
	return func() []byte {
		close(quit)
		dumping.Wait()
		return all.Bytes()
	}
}

// panics is a network that panics at the last request.
type panics struct {
	next http.RoundTripper
	at   string
}

func (p panics) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.Contains(r.URL.Path, p.at) {
		panic("a fault of the program")
	}
	return p.next.RoundTrip(r)
}

// A panic while secrets are compared shows neither them nor their hashes.
func TestPanicsShowNoHash(t *testing.T) {
	f := newFixture(t)
	f.random = knownKey{}
	leaked := leakReports(t)
	hashes := hashesOf(plantedSecrets())
	for _, at := range []string{"/delivery_tokens", "/preview_api_keys", "/roles"} {
		f.transport = panics{http.DefaultTransport, at}
		for _, args := range [][]string{{"scan", "-v", "--leaks", leaked.gitleaks}, {"leaks", "-v", leaked.folder}} {
			got := f.execute(t.Context(), args...)
			name := args[0] + ", panic at " + at
			f.noSecret(t, name, got)
			noHash(t, name, got, hashes)
		}
	}
}

// TestHashesWouldBeFound guards the guard.
func TestHashesWouldBeFound(t *testing.T) {
	hashes := hashesOf([]string{"x"})
	mac := hmac.New(sha256.New, bytes.Repeat([]byte{7}, 32))
	mac.Write([]byte("\x00x"))
	sum := mac.Sum(nil)
	for _, text := range []string{fmt.Sprintf("%x", sum), fmt.Sprintf("%X", sum), fmt.Sprintf("%d", sum), fmt.Sprintf("%#v", sum), string(sum), base64.StdEncoding.EncodeToString(sum)} {
		if !holdsAny([]byte("a "+text+" b"), hashes) {
			t.Errorf("%q is not found", text)
		}
	}
	if holdsAny([]byte("no hash"), hashes) {
		t.Error("something is found that is not there")
	}
}
