package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/util"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/bundle"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/documents"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/evidence"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/sealed"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/signature"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/policies/engine"
	"github.com/tokenaudit/tokenaudit/policies/regofile"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/output"
)

// errNotSealed is for a report that cannot be made again of what it rests on.
var errNotSealed = errors.New("the report cannot be sealed: judging the same sources again does not make the same report; " +
	"a rule that ran out of time is a reason, otherwise please report it")

// SealTo says where the report is sealed, and who signs; nobody may.
func (au *Audit) SealTo(file string, signers []signature.Signer) {
	au.sealFile, au.signers = file, signers
}

// ReadSigners reads the keys that sign.
func ReadSigners(ctx context.Context, p *program.Program, references []string) ([]signature.Signer, error) {
	var signers []signature.Signer
	for _, text := range references {
		reference, err := config.ParseSecretFlag(text)
		if err != nil {
			return nil, cli.Misuse(fmt.Errorf("--seal-key: %w", err))
		}
		key, err := reference.Read(ctx, p.Host().Environment)
		if err != nil {
			return nil, fmt.Errorf("--seal-key: %w", err)
		}
		signer, err := signature.ParseSigner(key)
		clear(key)
		if err != nil {
			return nil, fmt.Errorf("--seal-key: %w", err)
		}
		signers = append(signers, signer)
	}
	return signers, nil
}

// WriteSeal seals the report, as seal does, and writes the bundle.
func (au *Audit) WriteSeal(ctx context.Context, r *report.Report, inventories []documents.Document, wanted labels.Selector) error {
	b, err := au.seal(ctx, r, inventories, wanted)
	if err != nil {
		return fmt.Errorf("--seal: %w", err)
	}
	return au.writeBundle(ctx, b)
}

// writeBundle signs a bundle, where anybody signs, and writes it.
func (au *Audit) writeBundle(ctx context.Context, b *bundle.Bundle) error {
	by := "unsigned: anybody can change it and repair its digests; --seal-key signs it"
	if len(au.signers) > 0 {
		manifest, err := b.Manifest()
		if err != nil {
			return fmt.Errorf("--seal: %w", err)
		}
		if b.Envelope, err = signature.Sign(ctx, bundle.Manifest, manifest, au.signers); err != nil {
			return fmt.Errorf("--seal: %w", err)
		}
		by = "signed by key " + au.signers[0].ID()
		for _, s := range au.signers[1:] {
			by += ", " + s.ID()
		}
	}
	digest := sha256.New()
	err := output.WriteFile(interruptible.UnlessEnded(ctx), au.sealFile, func(w io.Writer) error {
		_, err := b.WriteTo(io.MultiWriter(w, digest))
		return err
	})
	if err != nil {
		return err
	}
	au.flags.Bundle = format.Bundle{File: filepath.Base(au.sealFile), SHA256: hex.EncodeToString(digest.Sum(nil))}
	au.program.Note("sealed in %s, %s", au.sealFile, by)
	return nil
}

// seal packs a report and all that it rests on. The inventories are those that were judged,
// in the order they were given. What is packed is judged again: nobody keeps a bundle that
// does not hold.
func (au *Audit) seal(ctx context.Context, r *report.Report, inventories []documents.Document, wanted labels.Selector) (*bundle.Bundle, error) {
	b := &bundle.Bundle{At: r.At, Only: au.options.Rules, Labels: wanted}
	files, err := au.context()
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := r.WriteJSON(&text); err != nil {
		return nil, err
	}
	b.Files = files
	b.Files = append(b.Files, bundle.File{Name: bundle.Report, Data: text.Bytes()})
	for i, d := range inventories {
		b.Files = append(b.Files, bundle.File{Name: bundle.Number(bundle.Inventories, i, ".json"), Data: d.Data})
	}
	if au.past != nil {
		known, err := au.past.memory.Encode()
		if err != nil {
			return nil, err
		}
		b.Files = append(b.Files, bundle.File{Name: bundle.History, Data: known})
	}
	again, err := Derive(ctx, au.program, b)
	if err != nil {
		return nil, fmt.Errorf("judge what is sealed: %w", err)
	}
	var derived bytes.Buffer
	if err := again.WriteJSON(&derived); err != nil {
		return nil, err
	}
	if !bytes.Equal(derived.Bytes(), text.Bytes()) {
		return nil, errNotSealed
	}
	return b, nil
}

func sealedEvidence(contents []evidence.Content) []bundle.File {
	var files []bundle.File
	counts := map[string]int{}
	for _, c := range contents {
		folder, extension := bundle.Usage, ".json"
		if c.Kind == report.EvidencePrevious {
			folder = bundle.Previous
		} else if !strings.EqualFold(filepath.Ext(c.Name), ".json") {
			extension = ".csv"
		}
		files = append(files, bundle.File{Name: bundle.Number(folder, counts[folder], extension), Origin: c.Name, Data: c.Data})
		counts[folder]++
	}
	return files
}

func sealedRules(custom *regofile.CustomFiles) ([]bundle.File, error) {
	if custom == nil {
		return nil, nil
	}
	var files []bundle.File
	for i, m := range custom.Modules {
		files = append(files, bundle.File{Name: bundle.Number(bundle.Rules, i, ".rego"), Origin: m.Path, Data: m.Text})
	}
	if document := custom.Document(); document != nil {
		text, err := json.MarshalIndent(document, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("write the data of the custom rules: %w", err)
		}
		files = append(files, bundle.File{Name: bundle.RuleData, Data: append(text, '\n')})
	}
	return files, nil
}

// Derive judges what is in a bundle again: its inventories by its rules and settings, at its
// audit time. The report in it is not looked at. Nothing but the built-in rules and the
// version of the program comes from elsewhere.
func Derive(ctx context.Context, p *program.Program, b *bundle.Bundle) (*report.Report, error) {
	r, _, err := derive(ctx, p, b, nil)
	return r, err
}

// derive is Derive with what a store knew; nil for what the bundle holds of it. It returns
// the rules that judged, too.
func derive(ctx context.Context, p *program.Program, b *bundle.Bundle, memory *store.Memory) (*report.Report, *engine.Engine, error) {
	quiet := *p
	quiet.Streams = console.New(strings.NewReader(""), io.Discard, io.Discard, p.Lookup)
	cfg, err := sealed.Read(b.Get(bundle.Configuration))
	if err != nil {
		return nil, nil, err
	}
	custom, err := customRules(b)
	if err != nil {
		return nil, nil, err
	}
	loaded, err := engine.Load(ctx, engine.LoadOptions{
		Files: custom, Only: b.Only, Settings: cfg.Settings, Waivers: cfg.Waivers, Owners: cfg.Owners, Reviews: cfg.Reviewed(),
		RuleTimeout: cfg.Limits.RuleTimeout, LoadTimeout: cfg.Limits.LoadTimeout,
	})
	if err != nil {
		return nil, nil, err
	}
	au := &Audit{
		program: &quiet, flags: options.Resolved{At: b.At, Sealed: true}, options: options.Judge{Rules: b.Only},
		config: cfg, judge: loaded, custom: custom,
	}
	if len(b.Only) > 0 {
		au.scope = &report.Scope{Rules: b.Only}
	}
	var contents []evidence.Content
	for _, f := range b.In(bundle.Usage) {
		contents = append(contents, evidence.Content{Kind: report.EvidenceUsage, Name: f.Origin, Data: f.Data})
	}
	for _, f := range b.In(bundle.Previous) {
		contents = append(contents, evidence.Content{Kind: report.EvidencePrevious, Name: f.Origin, Data: f.Data})
	}
	if au.evidence, err = evidence.Of(ctx, contents, LaterOf(p.Now(), b.At)); err != nil {
		return nil, nil, err
	}
	if known := b.Get(bundle.History); known != nil {
		if memory, err = store.DecodeMemory(known); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", bundle.History, err)
		}
	}
	if memory != nil {
		au.past = &past{memory: memory}
	}
	var inventories []documents.Document
	for _, f := range b.In(bundle.Inventories) {
		inventories = append(inventories, documents.Document{Name: f.Name, Data: f.Data})
	}
	r, err := au.Replay(ctx, quiet.Saved().InMemory(inventories), slices.Clone(b.Labels))
	return r, loaded, err
}

func customRules(b *bundle.Bundle) (*regofile.CustomFiles, error) {
	files := b.In(bundle.Rules)
	if len(files) == 0 {
		return nil, nil
	}
	var modules []regofile.Module
	for _, f := range files {
		modules = append(modules, regofile.Module{Path: f.Origin, Text: f.Data})
	}
	var document map[string]any
	if data := b.Get(bundle.RuleData); data != nil {
		if err := util.Unmarshal(data, &document); err != nil {
			return nil, fmt.Errorf("%s: %w", bundle.RuleData, err)
		}
	}
	return regofile.NewCustom(modules, document)
}
