package search

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/exposure"
)

const (
	hexSecret   = "0f1e2d3c4b5a69788796a5b4c3d2e1"                              // DatoCMS
	wordSecret  = "cs0123456789abcdef01234567"                                  // Contentstack
	plainSecret = "Zq3vT9xKp2LmN8bWc4RsYd6HfJ1gA5uE7oQiXzBnMyk"                 // Contentful
	signSecret  = "-q3vT9xKp2LmN8b_c4RsYd6HfJ1gA5uE7oQiXzBnMy-"                 // Contentful, with signs at its ends
	keySecret   = "6b023c7e0a9d5d13998aa700:00112233445566778899aabbccddeeff00" // Ghost
)

func prepare(t *testing.T, secrets ...string) *Search {
	t.Helper()
	all, err := exposure.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(all.Close)
	for i, secret := range secrets {
		all.Add(strconv.Itoa(i), []byte(secret))
	}
	return New(all)
}

func everySecret(t *testing.T) *Search {
	return prepare(t, hexSecret, wordSecret, plainSecret, signSecret, keySecret)
}

func TestWords(t *testing.T) {
	every := []string{hexSecret, wordSecret, plainSecret, signSecret, keySecret}
	for form, finds := range map[string]bool{
		"%s": true, "TOKEN=%s\n": true, `{"token": "%s"}`: true, "'%s'": true, "`%s`": true, "token:%s": true, "Bearer %s,": true,
		"https://x.example/?access_token=%s&y=1": true, "https://x.example/%s/entries": true, "a%%3D%s%%26": true, `"TOKEN=%s\nNEXT=1"`: true,
		"<%s>": true, "(%s)": true, "%s;": true, "#%s": true, "TOKEN_%s_END": true, "x.%s.y": true, "é%sé": true, "\x00%s\x00": true,
		`{"keys":"# tokens\n%s\n"}`: true, `"Bearer:\t%s"`: true, `"\u003ccode\u003e%s\u003c"`: true, `'\x3e%s\x3c'`: true, `\033%s\033`: true, `\U0001f511%s\0`: true, `\n%sz9`: false,
		"\x1b[32m%s\x1b[0m": true, "\x1b[38;2;255;200;100m%s": true,
		"\r\n%s\r\n": true, "a %s b": true, "%sz9": false, "z9%s": false,
	} {
		for i, secret := range every {
			s := everySecret(t)
			if err := s.Reader(t.Context(), strings.NewReader("one\ntwo "+fmt.Sprintf(form, secret)), "f"); err != nil {
				t.Fatal(err)
			}
			line := 2
			if strings.HasPrefix(form, "\r\n") {
				line = 3
			}
			want := []Hit{{Token: strconv.Itoa(i), File: "f", Line: line}}
			if !finds {
				want = []Hit{}
			}
			// A sign at the end of a secret ends a word of letters, whatever is next to it;
			// and of hexadecimal digits z ends a word.
			if got := s.Hits(); cmp.Diff(want, got) != "" && (finds || secret != signSecret && secret != hexSecret && secret != keySecret) {
				t.Errorf("%q with secret %d: %v", form, i, got)
			}
		}
	}
}

// A secret is found wherever it lies in the window and however the text comes in pieces.
func TestWindows(t *testing.T) {
	filler := strings.Repeat("abcdefghijklmnopqrstuvwxyz 0123456789\n", 2*window/37)
	for _, secret := range []string{wordSecret, signSecret} {
		edge := window + len(signSecret) + before
		for _, at := range []int{0, 1, 100, edge - 60, edge - 44, edge - 43, edge - 42, edge - 27, edge - 26, edge - 25, edge - 4, edge - 1, edge, edge + 1, 2*window - 99, len(filler)} {
			text := filler[:at] + " " + secret + " " + filler[at:]
			for name, r := range map[string]io.Reader{"whole": strings.NewReader(text), "halves": iotest.HalfReader(strings.NewReader(text)), "late end": iotest.DataErrReader(strings.NewReader(text))} {
				s := prepare(t, wordSecret, signSecret)
				if err := s.Reader(t.Context(), r, "f"); err != nil {
					t.Fatal(err)
				}
				if hits := s.Hits(); len(hits) != 1 || hits[0].Line != 1+strings.Count(text[:at], "\n") || s.Bytes != int64(len(text)) {
					t.Errorf("%s, at %d: %v of %d bytes", name, at, hits, s.Bytes)
				}
			}
		}
	}
}

func TestSecretOfTwoTokens(t *testing.T) {
	s := prepare(t, wordSecret, wordSecret)
	if err := s.Reader(t.Context(), strings.NewReader(wordSecret+" "+wordSecret+"\n"+wordSecret), "f"); err != nil {
		t.Fatal(err)
	}
	want := []Hit{{Token: "0", File: "f", Line: 1}, {Token: "0", File: "f", Line: 2}, {Token: "1", File: "f", Line: 1}, {Token: "1", File: "f", Line: 2}}
	if diff := cmp.Diff(want, s.Hits()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPlacesAreBounded(t *testing.T) {
	s := prepare(t, wordSecret)
	if err := s.Reader(t.Context(), strings.NewReader(strings.Repeat(wordSecret+"\n", maxHits+7)), "f"); err != nil {
		t.Fatal(err)
	}
	if len(s.Hits()) != maxHits || s.Unkept != 7 {
		t.Errorf("%d kept, %d not", len(s.Hits()), s.Unkept)
	}
	for range maxProblems + 3 {
		s.problem("x")
	}
	if p := s.Problems(); len(p) != maxProblems+1 || p[maxProblems] != "and 3 more" {
		t.Errorf("%d problems, the last %q", len(p), p[len(p)-1])
	}
}

func TestNothingToFind(t *testing.T) {
	s := prepare(t)
	if err := s.Reader(t.Context(), strings.NewReader(wordSecret), "f"); err != nil || len(s.Hits()) != 0 {
		t.Errorf("%v, %v", s.Hits(), err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFolders(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "a/b/c.env", "x\nTOKEN="+wordSecret)
	write(t, "a/.git/config", "TOKEN="+wordSecret)
	write(t, "z.bin", "\x00\xff"+plainSecret+"\x00")
	if err := os.Symlink("z.bin", "link"); err != nil {
		t.Skip(err)
	}
	s := everySecret(t)
	if err := s.Path(t.Context(), ".", false); err != nil {
		t.Fatal(err)
	}
	want := []Hit{{Token: "1", File: "a/b/c.env", Line: 2}, {Token: "2", File: "z.bin", Line: 1}}
	if diff := cmp.Diff(want, s.Hits()); diff != "" || s.Files != 2 || len(s.Problems()) != 0 {
		t.Errorf("%d files, problems %q, -want +got:\n%s", s.Files, s.Problems(), diff)
	}
	if err := s.Path(t.Context(), "missing", true); err == nil {
		t.Error("a path that does not exist was searched")
	}
}

func TestUnreadableFileIsAProblem(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "closed", wordSecret)
	if err := os.Chmod("closed", 0); err != nil || os.Getuid() == 0 {
		t.Skip("everything can be read")
	}
	s := everySecret(t)
	if err := s.Path(t.Context(), ".", false); err != nil || len(s.Problems()) != 1 {
		t.Errorf("problems %q, %v", s.Problems(), err)
	}
}

// repository makes a repository in the working directory.
func repository(t *testing.T) func(args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	t.Chdir(t.TempDir())
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
			"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com")
		out, err := cmd.CombinedOutput()
		if err != nil && args[0] != "merge" {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return strings.TrimSpace(string(out))
	}
	run("init", "-q", "-b", "main")
	return run
}

func TestHistory(t *testing.T) {
	git := repository(t)
	commit := func(message string) string {
		git("add", "-A")
		git("commit", "-q", "-m", message)
		return git("rev-parse", "HEAD")
	}
	// What a repository configures is not run.
	git("config", "diff.external", "false")
	git("config", "diff.x.textconv", "false")
	git("config", "core.fsmonitor", "false")
	git("config", "diff.noprefix", "true")
	git("config", "log.showSignature", "true")
	write(t, "a.txt", "1\n2\n3\n")
	first := commit("begin\n\nwith " + keySecret)
	write(t, "a.txt", "1\n2\nTOKEN="+wordSecret+"\n3\n")
	write(t, "strange \"name\"\t.txt", "++ b/x\n"+plainSecret)
	write(t, "b/binary.dat", "\x00\x01 "+keySecret+"\x00")
	write(t, ".gitattributes", "*.dat diff=x\n")
	second := commit("add")
	write(t, "a.txt", "1\n2\n3\n")
	commit("remove")
	git("checkout", "-q", "-b", "side")
	write(t, "a.txt", "1 side\n2\n3\n")
	commit("side")
	git("checkout", "-q", "main")
	write(t, "a.txt", "1 main\n2\n3\n")
	commit("main")
	git("merge", "side")
	write(t, "a.txt", "1 both\n"+hexSecret+"\n2\n3\n")
	merge := commit("merge")
	write(t, "long.txt", strings.Repeat("x", 200_000)+" "+signSecret+" "+strings.Repeat("y", 200_000))
	long := commit("long")
	if err := os.Remove("long.txt"); err != nil {
		t.Fatal(err)
	}
	commit("remove all")

	s := everySecret(t)
	if err := s.Path(t.Context(), ".", true); err != nil {
		t.Fatal(err)
	}
	want := []Hit{
		{Token: "0", File: "a.txt", Line: 2},
		{Token: "0", File: "a.txt", Line: 2, Commit: merge},
		{Token: "1", File: "a.txt", Line: 3, Commit: second},
		{Token: "2", File: "strange \"name\"\t.txt", Line: 2},
		{Token: "2", File: "strange \"name\"\t.txt", Line: 2, Commit: second},
		{Token: "3", File: "long.txt", Line: 1, Commit: long},
		{Token: "4", Line: 3, Commit: first},
		{Token: "4", File: "b/binary.dat", Line: 1},
		{Token: "4", File: "b/binary.dat", Line: 1, Commit: second},
	}
	if diff := cmp.Diff(want, s.Hits()); diff != "" || len(s.Problems()) != 0 {
		t.Errorf("problems %q, -want +got:\n%s", s.Problems(), diff)
	}
}

// Of files that git takes for binary the lines are searched that a merge alone has; and the
// messages of tags. What a repository configures hides neither.
func TestHistoryOfBinaryMergesAndTags(t *testing.T) {
	git := repository(t)
	git("config", "log.diffMerges", "off")
	git("config", "log.showRoot", "false")
	commit := func(files map[string]string) string {
		for name, text := range files {
			write(t, name, text)
		}
		git("add", "-A")
		git("commit", "-q", "-m", "one")
		return git("rev-parse", "HEAD")
	}
	names := []string{"package-lock.json", "b/yarn lock\t.lock", "nul"}
	every := func(text string) map[string]string {
		files := map[string]string{"plain.txt": text}
		for _, name := range names {
			files[name] = text
		}
		files["nul"] += "\x00"
		return files
	}
	root := every("begin " + keySecret + "\n")
	root[".gitattributes"] = "package-lock.json -diff\n*.lock binary\n"
	first := commit(root)
	git("checkout", "-q", "-b", "side")
	side := commit(every("side " + plainSecret + "\n"))
	git("checkout", "-q", "main")
	commit(every("main\n"))
	git("merge", "side")
	files := every("both\n" + wordSecret + "\n")
	merge := commit(files)
	commit(every("end\n"))
	git("tag", "light")
	git("tag", "-a", "-m", "release\n\ncommit 01\n+"+hexSecret+"\n", "v1")

	s := everySecret(t)
	if err := s.Path(t.Context(), ".", true); err != nil {
		t.Fatal(err)
	}
	want := []Hit{{Token: "0", Line: 4, Commit: git("rev-parse", "v1")}}
	for name := range files {
		want = append(want, Hit{Token: "1", File: name, Line: 2, Commit: merge}, Hit{Token: "2", File: name, Line: 1, Commit: side}, Hit{Token: "4", File: name, Line: 1, Commit: first})
	}
	slices.SortFunc(want, Hit.compare)
	if diff := cmp.Diff(want, s.Hits()); diff != "" || len(s.Problems()) != 0 {
		t.Errorf("problems %q, -want +got:\n%s", s.Problems(), diff)
	}
}

// The histories of the repositories in a folder are searched, and that of a bare one.
func TestRepositoriesInAFolder(t *testing.T) {
	git := repository(t)
	write(t, "a.txt", wordSecret)
	git("add", "-A")
	git("commit", "-q", "-m", "one")
	commit := git("rev-parse", "HEAD")
	git("rm", "-q", "a.txt")
	git("commit", "-q", "-m", "two")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	git("clone", "-q", here, filepath.Join(folder, "below", "copy"))
	git("clone", "-q", "--bare", here, filepath.Join(folder, "bare", "below"))
	want := []Hit{{Token: "1", File: "a.txt", Line: 1, Commit: commit}}
	for _, path := range []string{"below", "bare", filepath.Join("bare", "below")} {
		path = filepath.Join(folder, path)
		s := everySecret(t)
		if err := s.Path(t.Context(), path, true); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, s.Hits()); diff != "" || len(s.Problems()) != 0 {
			t.Errorf("%s: problems %q, -want +got:\n%s", path, s.Problems(), diff)
		}
	}
	s := everySecret(t)
	if err := s.Path(t.Context(), folder, false); err != nil || len(s.Hits()) != 0 {
		t.Errorf("without the history: %v, %v", s.Hits(), err)
	}
}

func TestShallowHistoryIsAProblem(t *testing.T) {
	git := repository(t)
	write(t, "a/a.txt", wordSecret)
	git("add", "-A")
	git("commit", "-q", "-m", "one")
	git("rm", "-q", "a/a.txt")
	git("commit", "-q", "-m", "two")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	git("clone", "-q", "--depth", "1", "file://"+filepath.ToSlash(here), "copy")
	s := everySecret(t)
	if err := s.Path(t.Context(), "copy", true); err != nil {
		t.Fatal(err)
	}
	if p := s.Problems(); len(p) != 1 || !strings.Contains(p[0], "shallow clone") {
		t.Errorf("problems %q", p)
	}
}

func TestNoGit(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, ".git/HEAD", "ref: refs/heads/main")
	t.Setenv("PATH", t.TempDir())
	s := everySecret(t)
	if err := s.Path(t.Context(), ".", true); err != nil {
		t.Fatal(err)
	}
	if p := s.Problems(); len(p) != 1 || !strings.Contains(p[0], "there is no git program") {
		t.Errorf("problems %q", p)
	}
}

func TestBrokenRepositoryIsAProblem(t *testing.T) {
	repository(t)
	write(t, ".git/HEAD", "nothing")
	s := everySecret(t)
	if err := s.Path(t.Context(), ".", true); err != nil {
		t.Fatal(err)
	}
	if p := s.Problems(); len(p) != 1 || !strings.Contains(p[0], "its history could not be searched") {
		t.Errorf("problems %q", p)
	}
}

// planted is how many secrets TestPlanted hides, and lookalikes among how many strings of
// the same forms. TOKENAUDIT_PLANTED=N makes it N times as many.
const (
	planted    = 100
	lookalikes = 10_000
)

// All planted secrets are found, at their lines, and nothing else is.
func TestPlanted(t *testing.T) {
	factor := 1
	if n, err := strconv.Atoi(os.Getenv("TOKENAUDIT_PLANTED")); err == nil && n > 0 {
		factor = n
	}
	dice := rand.New(rand.NewPCG(1, 2))
	forms := []struct {
		prefix, alphabet string
		length           int
	}{
		{"", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", 43}, {"cs", "0123456789abcdef", 24},
		{"", "0123456789abcdef", 30}, {"", "0123456789abcdef", 26}, {"6b023c7e0a9d5d13998aa700:", "0123456789abcdef", 64},
	}
	random := func(i int) string {
		f := forms[i%len(forms)]
		b := []byte(f.prefix)
		for range f.length {
			b = append(b, f.alphabet[dice.IntN(len(f.alphabet))])
		}
		return string(b)
	}
	all, err := exposure.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	var lines []string
	want := map[string]bool{}
	for i := range planted * factor {
		secret := random(i)
		all.Add(strconv.Itoa(i), []byte(secret))
		lines = append(lines, secret)
	}
	for i := range lookalikes * factor {
		lines = append(lines, random(i))
	}
	order := dice.Perm(len(lines))
	around := []string{"TOKEN=%s", `"token": "%s",`, "https://x.example/%s/y", "%s", "x_%s-y", "a %s b"}
	in, out := io.Pipe()
	go func() {
		for i, from := range order {
			_, _ = fmt.Fprintf(out, around[i%len(around)]+"\n", lines[from])
		}
		_ = out.Close()
	}()
	for i, from := range order {
		if from < planted*factor {
			want[fmt.Sprintf("%d:%d", from, i+1)] = true
		}
	}
	s := New(all)
	if err := s.Reader(t.Context(), in, "f"); err != nil {
		t.Fatal(err)
	}
	hits := s.Hits()
	for _, h := range hits {
		if !want[h.Token+":"+strconv.Itoa(h.Line)] {
			t.Errorf("found wrongly: %+v", h)
		}
	}
	if len(hits) != min(len(want), maxHits) || len(hits)+s.Unkept != len(want) {
		t.Errorf("%d of %d found, %d not kept", len(hits), len(want), s.Unkept)
	}
	if size := cap(s.spare); size > window+1024 {
		t.Errorf("the buffer has %d bytes", size)
	}
}

func FuzzText(f *testing.F) {
	f.Add([]byte("TOKEN="+wordSecret+"\n"), 3)
	f.Add([]byte(`{"keys":"\n`+wordSecret+`\u003c\u003e`+plainSecret+`\x3e`+wordSecret+`"}`), 5)
	f.Add([]byte("commit 01\n    x\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+"+wordSecret+"\n"), 7)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		s := everySecret(t)
		if err := s.Reader(t.Context(), strings.NewReader(string(data)), "f"); err != nil {
			t.Fatal(err)
		}
		pieces := everySecret(t)
		text := pieces.text(Hit{File: "f", Line: 1})
		for piece := range slices.Chunk(data, 1+max(0, n)%100) {
			text.write(piece)
		}
		text.end()
		if diff := cmp.Diff(s.Hits(), pieces.Hits()); diff != "" {
			t.Errorf("in pieces (-whole +pieces):\n%s", diff)
		}
		history := everySecret(t)
		if _, err := history.patches(t.Context(), strings.NewReader(string(data))); err != nil {
			t.Fatal(err)
		}
		for _, h := range history.Hits() {
			if !strings.Contains(string(data), "cs0123") && h.Token == "1" {
				t.Errorf("found what is not there: %+v", h)
			}
		}
	})
}
