package documents

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/userfile"
)

// knownDocument is a kind of document that commands take.
type knownDocument struct {
	is string
	// flag takes it, where a flag does.
	flag string
	// looks is what the beginning of one holds.
	looks *regexp.Regexp
}

// maxLook is how much of a document is looked at, in bytes.
const maxLook = 16 << 10

// knownDocuments are told apart by what only they have. The schema is among the first
// members of an inventory and of a report.
var knownDocuments = []knownDocument{
	{is: "an inventory", looks: regexp.MustCompile(`^\s*\{[^{]*"schema"\s*:\s*"tokenaudit/inventory/`)},
	{is: "a report", looks: regexp.MustCompile(`^\s*\{[^{]*"schema"\s*:\s*"tokenaudit/report/`)},
	{is: "a Terraform plan", flag: "terraform-plan", looks: regexp.MustCompile(`^\s*\{[^{]*"format_version"\s*:`)},
	{is: "a configuration", flag: "config", looks: regexp.MustCompile(`(?m)^[ \t]*(# )?(- )?\{?[ \t]*cms:|^(policies|gate|waivers):`)},
	{is: "a manifest", flag: "manifest", looks: regexp.MustCompile(`(?m)^sources:(.|\n)*\btokens:`)},
}

// Mistaken says what a file is that could not be read as what was wanted, and which
// flag takes it; err where that cannot be told. An interruption stays one.
func (o Opener) Mistaken(ctx context.Context, err error, path, wanted string) error {
	if err == nil || ctx.Err() != nil || errors.Is(err, os.ErrNotExist) {
		return err
	}
	begin, found := beginning(path), knownDocument{}
	for _, kind := range knownDocuments {
		switch {
		case !kind.looks.Match(begin):
		case strings.Contains(wanted, kind.is):
			return err
		case found.is == "":
			found = kind
		}
	}
	if found.is == "" {
		return err
	}
	hint := ""
	if flag := o.Flag(found.flag); flag != "" {
		hint = fmt.Sprintf("; did you mean %s %s?", flag, path)
	}
	if found.is == "an inventory" && wanted == "a report" {
		hint = fmt.Sprintf("; `tokenaudit evaluate %s -o json=report.json` makes a report of it", path)
	}
	if found.is == "a report" && wanted == "an inventory" {
		hint = "; `tokenaudit collect`, and scan and demo with --save-inventory, write an inventory"
	}
	return fmt.Errorf("%s is %s, not %s%s", path, found.is, wanted, hint)
}

// beginning reads the beginning of a regular file; empty for anything else.
func beginning(path string) []byte {
	if stat, err := os.Stat(path); err != nil || !stat.Mode().IsRegular() {
		return nil
	}
	f, err := userfile.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close() //nolint:errcheck // opened for reading only
	text, err := io.ReadAll(io.LimitReader(f, maxLook))
	if err != nil {
		return nil
	}
	return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
}
