package search

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/redact"
)

const (
	// maxHistory bounds what is read of a history, in bytes, and maxTime how long.
	maxHistory = 64 << 30
	maxTime    = time.Hour
	// maxBinary bounds the merges with binary files.
	maxBinary = 1_000_000
	// maxComplaint bounds what is kept of what git complains about.
	maxComplaint = 2 << 10
)

// gitOptions stand before the name of a command of git: nothing that a repository
// configures is run, and nothing is written or fetched.
var gitOptions = []string{
	"--no-pager", "--no-optional-locks", "--literal-pathspecs", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull,
	"-c", "core.quotePath=false", "-c", "log.showSignature=false", "-c", "log.mailmap=false", "-c", "core.commitGraph=false",
	"-c", "log.showRoot=true", "-c", "log.diffMerges=separate",
}

// logOptions make git print each commit, with the lines that it adds.
var logOptions = []string{
	"log", "--patch", "--unified=0", "--text", "--no-color", "--no-ext-diff", "--no-textconv", "--no-decorate", "--no-notes",
	"--submodule=short", "--src-prefix=a/", "--dst-prefix=b/", "--encoding=UTF-8", "--format=commit %H%n%w(0,4,4)%B",
}

var (
	// everyCommit prints of a merge the lines that no parent has, and none of a file that
	// git takes for binary: for such a diff it ignores --text.
	everyCommit = append(slices.Clip(logOptions), "--all", "-c")
	// theseMerges prints of the merges in the input the lines that the first parent does
	// not have. Those are more, but of every file.
	theseMerges = append(slices.Clip(logOptions), "--stdin", "--no-walk", "-m", "--first-parent")
	// everyTag prints the messages of annotated tags in the form of those of commits.
	everyTag = []string{"for-each-ref", "--format=%(if:equals=tag)%(objecttype)%(then)commit %(objectname)%0a    %(contents:lines=1000000)%(end)"}
)

// history searches the history of a repository by the git program.
func (s *Search) history(ctx context.Context, path string) error {
	limited, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	program, err := exec.LookPath("git")
	if err != nil {
		s.problem("%s: its history was not searched, because there is no git program; install git, or leave the history out with --no-history", path)
		return nil
	}
	shallow, err := git(limited, program, path, "", []string{"rev-parse", "--is-shallow-repository"}, func(r io.Reader) (string, error) {
		answer, err := io.ReadAll(io.LimitReader(r, maxComplaint))
		return strings.TrimSpace(string(answer)), err
	})
	if err == nil && shallow == "true" {
		s.problem("%s: its history is cut off, because it is a shallow clone; fetch the rest with `git fetch --unshallow`, in GitHub Actions with fetch-depth: 0", path)
	}
	patches := func(r io.Reader) ([]string, error) { return s.patches(limited, r) }
	var merges, unseen []string
	if err == nil {
		merges, err = git(limited, program, path, "", everyCommit, patches)
	}
	if err == nil && len(merges) > 0 {
		unseen, err = git(limited, program, path, strings.Join(merges, "\n"), theseMerges, patches)
	}
	if err == nil {
		_, err = git(limited, program, path, "", everyTag, patches)
	}
	if len(unseen) > 0 {
		s.problem("%s: its history was not searched completely: git shows nothing of binary files in %d commits, the first %s", path, len(unseen), unseen[0])
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		s.problem("%s: its history was not searched completely: the search stopped after %s", path, maxTime)
	case err != nil:
		s.problem("%s: its history could not be searched: %v", path, err)
	}
	return nil
}

// git runs a command in a repository and passes what it prints to read.
func git[T any](ctx context.Context, program, path, input string, arguments []string, read func(io.Reader) (T, error)) (T, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append(append([]string{"-C", path}, gitOptions...), arguments...)...) //nolint:gosec // the arguments are ours, but for the path
	cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=", "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C")
	cmd.WaitDelay = 10 * time.Second
	cmd.Stdin = strings.NewReader(input)
	complaint := &head{}
	cmd.Stderr = complaint
	var none T
	out, err := cmd.StdoutPipe()
	if err != nil {
		return none, err
	}
	if err := cmd.Start(); err != nil {
		return none, err
	}
	result, failed := read(out)
	if failed != nil {
		cancel()
	}
	if err := cmd.Wait(); failed == nil && err != nil {
		if said := complaint.line(); said != "" {
			err = errors.New(said)
		}
		return none, err
	}
	return result, failed
}

// head keeps the beginning of what is written to it.
type head struct{ b []byte }

// Write implements io.Writer. It never fails.
func (h *head) Write(p []byte) (int, error) {
	h.b = append(h.b, p[:min(len(p), maxComplaint-len(h.b))]...)
	return len(p), nil
}

// line is the first line, without what looks like a credential.
func (h *head) line() string {
	first, _, _ := strings.Cut(strings.TrimSpace(string(h.b)), "\n")
	return redact.Text(first)
}

// patches reads what git log prints. It returns the commits with files of which git printed
// nothing but that they differ.
func (s *Search) patches(ctx context.Context, r io.Reader) ([]string, error) {
	in := bufio.NewReaderSize(io.LimitReader(r, maxHistory+1), 64<<10)
	p := patch{search: s, text: s.text(Hit{})}
	defer p.text.end()
	began := s.Bytes
	for {
		line, err := in.ReadSlice('\n')
		s.Bytes += int64(len(line))
		switch {
		case s.Bytes-began > maxHistory:
			return nil, errors.New("it is larger than 64 GiB")
		case len(p.binary) > maxBinary:
			return nil, errors.New("it has binary files in more than a million merges")
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err == nil, errors.Is(err, io.EOF), errors.Is(err, bufio.ErrBufferFull):
		default:
			return nil, err
		}
		p.line(line)
		p.within = errors.Is(err, bufio.ErrBufferFull)
		if errors.Is(err, io.EOF) {
			return p.binary, nil
		}
	}
}

// patch is where in the output of git log a search is.
type patch struct {
	search *Search
	text   *text
	commit string
	file   string
	// parents is how many columns stand before a line: one for each parent.
	parents int
	// header: the lines of names follow, and no content.
	header bool
	// within: the piece before was part of a line that goes on; added: of one that was added.
	within, added bool
	// binary are the commits with files whose lines git did not print.
	binary []string
}

// line takes a line, or a piece of one. Every line of content begins with a space, a plus,
// a minus or a backslash, so that no content looks like a line of git's own.
func (p *patch) line(line []byte) {
	switch {
	case p.within:
		if p.added {
			p.text.write(line)
		}
		return
	case len(line) == 0:
		return
	}
	p.added = false
	switch line[0] {
	case 'c':
		p.begin(line)
	case 'd':
		p.file, p.parents, p.header = "", 0, true
	case 'B':
		if bytes.HasPrefix(line, []byte("Binary files ")) && (len(p.binary) == 0 || p.binary[len(p.binary)-1] != p.commit) {
			p.binary = append(p.binary, p.commit)
		}
	case '@':
		p.hunk(line)
	case '+', ' ', '-', '\n':
		p.content(line)
	}
}

// begin takes the line of a commit, whose message follows.
func (p *patch) begin(line []byte) {
	if id, found := bytes.CutPrefix(line, []byte("commit ")); found {
		p.commit, p.file, p.parents, p.header = string(bytes.TrimSpace(id)), "", 0, false
		p.at(1)
	}
}

// at ends the text before, and begins another.
func (p *patch) at(line int) {
	p.text.end()
	p.text.at = Hit{File: p.file, Line: line, Commit: p.commit}
}

// hunk takes a line such as @@ -1,2 +3,4 @@, or of a merge @@@ -1 -1 +3,4 @@@.
func (p *patch) hunk(line []byte) {
	p.header = false
	p.parents = len(line) - len(bytes.TrimLeft(line, "@")) - 1
	_, after, _ := bytes.Cut(line, []byte(" +"))
	number, _, _ := bytes.Cut(after, []byte(" "))
	number, _, _ = bytes.Cut(number, []byte(","))
	n, err := strconv.Atoi(string(number))
	if err != nil {
		n = 0
	}
	p.at(n)
}

// content takes a line of a message, of names, or of a hunk.
func (p *patch) content(line []byte) {
	switch {
	case p.header:
		if name, found := bytes.CutPrefix(line, []byte("+++ ")); found {
			p.file = fileName(string(name))
		}
	case p.parents == 0:
		p.added = true
		p.text.write(line)
	case len(line) > p.parents:
		// A line that some parent has is searched with the commit that added it.
		if columns := line[:p.parents]; bytes.IndexByte(columns, '-') < 0 {
			p.added = true
			p.text.write(line[p.parents:])
		}
	}
}

// fileName is the path in a line of names.
func fileName(name string) string {
	name = strings.TrimSuffix(strings.TrimSuffix(name, "\n"), "\t")
	if plain, err := strconv.Unquote(name); err == nil {
		name = plain
	}
	return strings.TrimPrefix(name, "b/")
}
