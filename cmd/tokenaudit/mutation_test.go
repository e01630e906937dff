package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/bundle"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/signature"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/sample"
)

const sealedConfig = `version: 1
usage: [{file: usage.csv}]
policies: {paths: [ours.rego], rules: {unused-token: {severity: %s}}}
owners: [{team: web, owns: [{source: "*"}]}]
waivers: [{rule: admin-token, token: "*", reason: r, owner: o, approved_by: p, expires: 2027-01-01}]
`

const sealedRule = `# METADATA
# title: Token of ours
# description: Every token is ours.
# custom:
#   severity: low
#   subject: token
#   select: {kinds: [delivery, management, personal]}
#   remediation: {default: Leave it.}
package custom.rules.ours

deny contains {"token": token.id, "message": "it is ours"} if some token in input.tokens
`

// repetitions is how often a test of random bundles repeats itself: few times, or as often
// as TOKENAUDIT_BUNDLES says.
func repetitions(t *testing.T, few int) int {
	t.Helper()
	text := os.Getenv("TOKENAUDIT_BUNDLES")
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// sealing runs commands on a configuration, inventories and keys in the working directory.
func sealing(t *testing.T) func(args ...string) outcome {
	t.Helper()
	t.Chdir(t.TempDir())
	f := &fixture{}
	command := func(args ...string) outcome { return f.execute(t.Context(), append(args, "-q")...) }
	write(t, "tokenaudit.yaml", fmt.Sprintf(sealedConfig, "high"))
	write(t, "other.yaml", fmt.Sprintf(sealedConfig, "low"))
	write(t, "ours.rego", sealedRule)
	write(t, "usage.csv", "token,last_used_at,origin\ndatocms/projects/a/access_tokens/0,2026-11-20,cdn\n")
	for name, tokens := range map[string]int{"live.json": 3, "earlier.json": 2, "three.json": 3, "two.json": 2} {
		var text bytes.Buffer
		source := sample.Source("datocms/projects/a", tokens)
		source.CollectedAt = source.CollectedAt.AddDate(0, 0, tokens)
		for i := range source.Tokens {
			if t := &source.Tokens[i]; name == "three.json" || name == "two.json" {
				t.Planned, t.Address, t.Origin, t.Exposure = "", "", inventory.Origin{}, nil
			}
		}
		if err := codec.Write(&text, inventory.Inventory{Schema: inventory.Schema, CollectedUntil: source.CollectedAt, Sources: []inventory.Source{source}}); err != nil {
			t.Fatal(err)
		}
		write(t, name, text.String())
	}
	for _, key := range []string{"seal.key", "stranger.key"} {
		if got := command("keygen", key); got.code != 0 {
			t.Fatal(got.err)
		}
	}
	return command
}

func readBundle(t *testing.T, file string) (*bundle.Bundle, []byte) {
	t.Helper()
	raw := []byte(textOf(t, file))
	b, err := bundle.Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return b, raw
}

func archived(t *testing.T, b *bundle.Bundle) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := b.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// with returns a bundle with another content of a file, and all digests repaired.
func with(b *bundle.Bundle, name string, data []byte) *bundle.Bundle {
	changed := *b
	changed.Files = slices.Clone(b.Files)
	for i := range changed.Files {
		if changed.Files[i].Name == name {
			changed.Files[i].Data = data
			return &changed
		}
	}
	changed.Files = append(changed.Files, bundle.File{Name: name, Data: data})
	return &changed
}

// forger makes bundles of a signed one that nobody has signed.
type forger struct {
	t             *testing.T
	random        *rand.Rand
	signed, other *bundle.Bundle
	raw           []byte
	stranger      signature.Signer
}

// forge returns a changed bundle. derivable: what was changed is what was judged or the
// report, so that it is found out without a key, too.
func (f *forger) forge() (name string, raw []byte, derivable bool) {
	file := f.signed.Files[f.random.IntN(len(f.signed.Files))]
	switch kind := f.random.IntN(8); kind {
	case 0, 1:
		raw = bytes.Clone(f.raw)
		raw[f.random.IntN(len(raw))] ^= byte(1 + f.random.IntN(255))
		return "a byte", raw, false
	case 2:
		return "a verdict", archived(f.t, with(f.signed, bundle.Report, f.other.Get(bundle.Report))), true
	case 3:
		name := []string{"inventory/0002.json", "previous/0002.json", "usage/0002.csv", "rules/0002.rego"}[f.random.IntN(4)]
		return "an added " + name, archived(f.t, with(f.signed, name, file.Data)), false
	case 4:
		second := f.signed.Files[f.random.IntN(len(f.signed.Files))]
		return "a swap of " + file.Name + " and " + second.Name, archived(f.t, with(with(f.signed, file.Name, second.Data), second.Name, file.Data)), file.Name != second.Name
	case 5:
		at := bytes.Index(f.raw, file.Data) - 512
		end := at + 512 + (len(file.Data)+511)/512*512
		return "a doubled " + file.Name, slices.Concat(f.raw[:end], f.raw[at:end], f.raw[end:]), true
	case 6:
		rule := strings.Replace(sealedRule, "it is ours", "it is theirs", 1)
		return "another rule", archived(f.t, with(f.signed, "rules/0001.rego", []byte(rule))), true
	default:
		forged := with(f.signed, bundle.Report, f.other.Get(bundle.Report))
		return "a stranger's signature", f.sign(forged), true
	}
}

func (f *forger) sign(b *bundle.Bundle) []byte {
	manifest, err := b.Manifest()
	if err != nil {
		f.t.Fatal(err)
	}
	if b.Envelope, err = signature.Sign(f.t.Context(), bundle.Manifest, manifest, []signature.Signer{f.stranger}); err != nil {
		f.t.Fatal(err)
	}
	return archived(f.t, b)
}

// No bundle that differs from the signed one is accepted, whatever was changed and
// repaired.
func TestForgedBundlesAreRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("many worlds, one after the other: nothing for the race detector")
	}
	command := sealing(t)
	for file, config := range map[string]string{"signed.tar": "tokenaudit.yaml", "other.tar": "other.yaml"} {
		got := command("evaluate", "live.json", "-c", config, "--previous", "earlier.json", "--at", "2026-12-01", "--no-fail", "--seal", file, "--seal-key", "seal.key")
		if got.code != 0 {
			t.Fatal(got.err)
		}
	}
	f := &forger{t: t, random: rand.New(rand.NewPCG(1, 2))}
	f.signed, f.raw = readBundle(t, "signed.tar")
	f.other, _ = readBundle(t, "other.tar")
	var err error
	if f.stranger, err = signature.ParseSigner([]byte(textOf(t, "stranger.key"))); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(f.signed.Get(bundle.Report), f.other.Get(bundle.Report)) {
		t.Fatal("the other configuration makes the same report")
	}
	kinds := map[string]int{}
	for i := range repetitions(t, 24) {
		name, raw, derivable := f.forge()
		if bytes.Equal(raw, f.raw) {
			continue
		}
		kinds[strings.Join(strings.Fields(name)[:2], " ")]++
		write(t, "forged.tar", string(raw))
		if got := command("verify", "forged.tar", "--key", "seal.key.pub", "--re-derive"); got.code != 1 || got.out != "" {
			t.Errorf("%d: %s: exit code %d\n%s%s", i, name, got.code, got.out, got.err)
		}
		if !derivable {
			continue
		}
		// Without a key, judging again is all there is.
		if b, err := bundle.Read(bytes.NewReader(raw)); err == nil {
			b.Envelope = nil
			write(t, "forged.tar", string(archived(t, b)))
		}
		if got := command("verify", "forged.tar", "--re-derive"); got.code != 1 || got.out != "" {
			t.Errorf("%d: %s, unsigned: exit code %d\n%s%s", i, name, got.code, got.out, got.err)
		}
	}
	t.Log(kinds)
}

// A bundle that nobody touched holds, at whatever time it was judged, on another day and
// without the files that it was made of.
func TestUntouchedBundlesHold(t *testing.T) {
	if testing.Short() {
		t.Skip("many worlds, one after the other: nothing for the race detector")
	}
	command := sealing(t)
	random := rand.New(rand.NewPCG(3, 4))
	for i := range repetitions(t, 4) {
		at := sample.CollectedAt().Add(time.Duration(random.Int64N(int64(20*365*24*time.Hour))) - 10*365*24*time.Hour)
		text := at.Format([]string{time.RFC3339, time.RFC3339Nano, time.DateOnly}[i%3])
		if got := command("evaluate", "live.json", "--previous", "earlier.json", "--at", text, "--no-fail", "--seal", "a.tar", "--seal-key", "seal.key", "-o", "json"); got.code != 0 {
			t.Fatalf("%s: %s", text, got.err)
		}
		var out, errs bytes.Buffer
		code := run(t.Context(), ioStreams{in: strings.NewReader(""), out: &out, err: &errs, now: func() time.Time { return at.AddDate(30, 0, 0) }},
			[]string{"verify", "a.tar", "--key", "seal.key.pub", "--re-derive"})
		if code != 0 || !strings.HasPrefix(out.String(), "a.tar: holds\n") {
			t.Errorf("%s: exit code %d\n%s%s", text, code, out.String(), errs.String())
		}
	}
}

// What a store knew is sealed with the run that it was asked about: the report is made again
// without the store, and is another one where any of it was changed.
func TestWhatAStoreKnewIsSealed(t *testing.T) {
	command := sealing(t)
	for _, run := range []struct{ inventory, at, seal string }{
		{"three.json", "2026-12-01", "first.tar"}, {"three.json", "2026-12-08", "second.tar"}, {"two.json", "2026-12-09", "third.tar"},
	} {
		got := command("evaluate", run.inventory, "--store", "history.db", "--at", run.at, "--no-fail", "--seal", run.seal, "-o", "json=report.json")
		if got.code != 0 {
			t.Fatal(got.err)
		}
		if got := command("verify", run.seal, "--re-derive"); got.code != 0 {
			t.Errorf("%s: exit code %d\n%s", run.seal, got.code, got.err)
		}
	}
	// The run is sealed as it was, also when it is in the store.
	if got := command("history", "show", "--store", "history.db", "--at", "2026-12-09", "--seal", "shown.tar", "-o", "json=shown.json"); got.code != 0 || textOf(t, "shown.json") != textOf(t, "report.json") {
		t.Errorf("exit code %d, or another report\n%s", got.code, got.err)
	}
	third, _ := readBundle(t, "third.tar")
	shown, _ := readBundle(t, "shown.tar")
	if !bytes.Equal(third.Get(bundle.Report), shown.Get(bundle.Report)) || !bytes.Equal(third.Get(bundle.History), shown.Get(bundle.History)) {
		t.Error("the run is sealed another way afterwards")
	}
	for _, change := range [][2]string{
		{`"first_seen":"2026-12-01T`, `"first_seen":"2026-11-01T`}, {`"state":"open","first_seen"`, `"state":"resolved","first_seen"`},
		{`"last_seen":"2026-12-08`, `"last_seen":"2026-12-07`}, {`{"at":"2026-12-08`, `{"at":"2026-12-07`}, {`"token":"datocms/projects/a/access_tokens/0002"`, `"token":"datocms/projects/a/access_tokens/0001"`},
		{`"past":[{`, `"past":[{"source":"datocms/projects/a","at":"2020-01-01T00:00:00Z","uses":{"datocms/projects/a/access_tokens/0000":{"state":"never"}}},{`},
	} {
		text := strings.ReplaceAll(string(third.Get(bundle.History)), change[0], change[1])
		if text == string(third.Get(bundle.History)) {
			t.Errorf("no %s in %s", change[0], text)
		}
		write(t, "forged.tar", string(archived(t, with(third, bundle.History, []byte(text)))))
		if got := command("verify", "forged.tar", "--re-derive"); got.code != 1 || got.out != "" {
			t.Errorf("%s: exit code %d\n%s%s", change[1], got.code, got.out, got.err)
		}
	}
}

// Another version of the program, or of OPA, says which verdicts differ, or that none does.
func TestOtherVersions(t *testing.T) {
	command := sealing(t)
	if got := command("evaluate", "live.json", "--at", "2026-12-01", "--no-fail", "--seal", "a.tar"); got.code != 0 {
		t.Fatal(got.err)
	}
	b, _ := readBundle(t, "a.tar")
	for _, version := range []struct{ old, as string }{{`"version": "` + newProgram(ioStreams{err: io.Discard}).Tool.Version, `"version": "0.0.1`}, {`"opa": "`, `"opa": "0.`}} {
		text := bytes.Replace(b.Get(bundle.Report), []byte(version.old), []byte(version.as), 1)
		write(t, "old.tar", string(archived(t, with(b, bundle.Report, text))))
		if got := command("verify", "old.tar", "--re-derive"); got.code != 0 || !strings.Contains(got.out, "judged again: the same report, though it was judged ") {
			t.Errorf("%s: exit code %d\n%s%s", version.as, got.code, got.out, got.err)
		}
		changed := with(b, bundle.Report, text)
		changed = with(changed, "rules/0001.rego", []byte(strings.Replace(sealedRule, "severity: low", "severity: critical", 1)))
		write(t, "old.tar", string(archived(t, changed)))
		got := command("verify", "old.tar", "--re-derive")
		if got.code != 2 || got.out != "" || !strings.Contains(got.err, "cannot say: it was judged ") || !strings.Contains(got.err, "low fail in the bundle, critical fail when judged again") {
			t.Errorf("%s, another rule: exit code %d\n%s%s", version.as, got.code, got.out, got.err)
		}
	}
}
