package terraform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/redact"
	"github.com/tokenaudit/tokenaudit/collectors/strictjson"
	"github.com/tokenaudit/tokenaudit/collectors/terraform/masking"
)

const (
	// maxPlan bounds a plan, in bytes: a plan of ten thousand resources has some
	// tens of megabytes.
	maxPlan = 256 << 20
	// maxDepth bounds how deep its JSON is nested.
	maxDepth = 256
	// maxChanges bounds the changes of resources that matter here.
	maxChanges = 200_000
)

// The units of a plan.
const (
	unitPlan          = "plan"
	unitConfiguration = "configuration"
)

// FormatError says why something is not a plan that can be read. It quotes
// nothing of the file but the address of a resource: a plan holds secrets.
type FormatError struct {
	// Message is one line.
	Message string
	// Line counts from 1; 0 where none can be named.
	Line int
}

func (e *FormatError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("line %d: %s", e.Line, e.Message)
	}
	return e.Message
}

// document is what of a plan is looked at. The values of the state, of
// variables and of outputs are left out before anything is decoded.
type document struct {
	FormatVersion   *string           `json:"format_version"`
	Timestamp       string            `json:"timestamp"`
	Errored         bool              `json:"errored"`
	Complete        *bool             `json:"complete"`
	ResourceChanges []json.RawMessage `json:"resource_changes"`
	Deferred        []json.RawMessage `json:"deferred_changes"`
	Configuration   json.RawMessage   `json:"configuration"`
	// Values is there in a state, which is not a plan.
	Values json.RawMessage `json:"values"`

	// strange are types of resources that may be tokens and are not known.
	strange map[string]bool
}

// Read reads a plan as `terraform show -json` or `tofu show -json` prints it.
// root names the root module; see Plan. The error is a *FormatError or that of
// reading.
func Read(r io.Reader, root string) (*Plan, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxPlan+1))
	if err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	if len(text) > maxPlan {
		return nil, &FormatError{Message: fmt.Sprintf("the plan is larger than %d MiB", maxPlan>>20)}
	}
	doc, err := parse(text)
	if err != nil {
		return nil, err
	}
	decoded, err := doc.decode()
	if err != nil {
		return nil, err
	}
	p := &Plan{Root: root}
	if p.Timestamp, err = time.Parse(time.RFC3339, doc.Timestamp); err != nil {
		p.Timestamp = time.Time{} // older versions write none
	}
	p.Timestamp = p.Timestamp.UTC()
	if err := p.takeChanges(decoded.ResourceChanges); err != nil {
		return nil, err
	}
	p.takeConfiguration(decoded.Config)
	p.units = append([]inventory.Unit{p.unit(doc, decoded.Config)}, p.units...)
	if len(doc.strange) > 0 {
		p.units = append(p.units, typesUnit(doc.strange))
	}
	return p, nil
}

// parse reads the outer members.
func parse(text []byte) (*document, error) {
	if bytes.HasPrefix(text, []byte("PK\x03\x04")) {
		return nil, &FormatError{Message: "this is the binary plan; print it as JSON: terraform show -json FILE"}
	}
	if at := strictjson.TooDeep(text, maxDepth); at >= 0 {
		return nil, &FormatError{Message: fmt.Sprintf("values are nested more than %d levels deep", maxDepth), Line: lineOf(text, at)}
	}
	var doc document
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, formatError(text, err)
	}
	if err := checkSpelling(text, "format_version", "timestamp", "errored", "complete", "resource_changes", "deferred_changes", "configuration", "values"); err != nil {
		return nil, err
	}
	// Terraform would take another one than this program.
	if at := strictjson.RepeatedMember(text); at >= 0 {
		return nil, &FormatError{Message: "an object has a duplicate key, which Terraform never writes", Line: lineOf(text, at)}
	}
	switch {
	case doc.FormatVersion != nil && doc.Values != nil && doc.ResourceChanges == nil:
		return nil, &FormatError{Message: "this is a state, not a plan; print a plan: terraform show -json PLANFILE"}
	case doc.FormatVersion == nil:
		return nil, &FormatError{Message: "this is not a plan: it has no format_version; print one: terraform show -json PLANFILE"}
	}
	return &doc, nil
}

// formatError says what is wrong without quoting the file.
func formatError(text []byte, err error) error {
	var syntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	offset := int64(0)
	message := "this is not a plan that can be read"
	switch {
	case errors.As(err, &syntax):
		offset, message = syntax.Offset, "this is not JSON"
		if trailing := bytes.TrimSpace(text); bytes.HasPrefix(trailing, []byte(`{"@level"`)) {
			message = "this is the log of `plan -json`, not a plan; save one with -out and print it: terraform show -json PLANFILE"
		} else if len(trailing) == 0 {
			message = "the file is empty"
		}
	case errors.As(err, &wrongType):
		offset, message = wrongType.Offset, "this is not a plan: a key has an unexpected type"
	}
	offset = min(max(offset, 0), int64(len(text)))
	return &FormatError{Message: message, Line: lineOf(text, int(offset))}
}

func lineOf(text []byte, offset int) int { return 1 + bytes.Count(text[:offset], []byte("\n")) }

// checkSpelling refuses an object that has a member called like one of the names but
// for upper and lower case: the decoder would take either.
func checkSpelling(object []byte, names ...string) error {
	if name := strictjson.Misspelt(object, names...); name != "" {
		return &FormatError{Message: fmt.Sprintf("the key %s is not spelled as Terraform spells it", name)}
	}
	return nil
}

// relevant are the changes of the resources that matter.
func (d *document) relevant() ([]json.RawMessage, error) {
	types := attributes()
	matters := []json.RawMessage{}
	d.strange = map[string]bool{}
	for _, raw := range d.ResourceChanges {
		var head struct {
			Type   string          `json:"type"`
			Mode   string          `json:"mode"`
			Change json.RawMessage `json:"change"`
		}
		if err := json.Unmarshal(raw, &head); err != nil {
			return nil, &FormatError{Message: "an element of resource_changes cannot be read"}
		}
		if err := checkSpelling(raw, "address", "module_address", "mode", "type", "name", "deposed", "change"); err != nil {
			return nil, err
		}
		// A data source reads what exists already; it makes no token.
		if _, ok := types[head.Type]; !ok || head.Mode == string(tfjson.DataResourceMode) {
			if !ok && head.Mode != string(tfjson.DataResourceMode) && strange(head.Type, head.Change) {
				d.strange[head.Type] = true
			}
			continue
		}
		if err := checkSpelling(head.Change, "actions", "before", "after", "after_unknown", "before_sensitive", "after_sensitive"); err != nil {
			return nil, err
		}
		matters = append(matters, raw)
	}
	if len(matters) > maxChanges {
		return nil, &FormatError{Message: fmt.Sprintf("the plan has %d changes of tokens; at most %d are read", len(matters), maxChanges)}
	}
	return matters, nil
}

// decode decodes the changes of the resources that matter, and the configuration.
func (d *document) decode() (*tfjson.Plan, error) {
	matters, err := d.relevant()
	if err != nil {
		return nil, err
	}
	reduced := map[string]any{"format_version": *d.FormatVersion, "resource_changes": matters}
	if len(d.Configuration) > 0 && !bytes.Equal(d.Configuration, []byte("null")) {
		reduced["configuration"] = d.Configuration
	}
	text, err := json.Marshal(reduced)
	if err != nil {
		return nil, &FormatError{Message: "this is not a plan that can be read"}
	}
	var plan tfjson.Plan
	plan.UseJSONNumber(true)
	if err := json.Unmarshal(text, &plan); err != nil {
		if version := (&tfjson.Plan{FormatVersion: *d.FormatVersion}).Validate(); version != nil {
			return nil, &FormatError{Message: "format version" + shownVersion(*d.FormatVersion) + " is not supported; versions below 2.0 are"}
		}
		return nil, &FormatError{Message: "this is not a plan: a change or the configuration has an unexpected shape"}
	}
	return &plan, nil
}

var versionPattern = regexp.MustCompile(`^[0-9]{1,4}(\.[0-9]{1,4}){0,2}$`)

// shownVersion is a version for a message, with a blank before it; empty for what is none.
func shownVersion(s string) string {
	if !versionPattern.MatchString(s) {
		return ""
	}
	return " " + s
}

// unit says whether the plan tells all that will be.
func (p *Plan) unit(d *document, c *tfjson.Config) inventory.Unit {
	all := kinds()
	switch {
	case d.Errored:
		return inventory.PartialUnit(unitPlan, inventory.ErrUnreadable, "the plan ended with an error, so it does not show all changes", "Fix the error and plan again.", all...)
	case len(d.Deferred) > 0:
		return inventory.PartialUnit(unitPlan, inventory.ErrTruncated, "the plan defers changes to a later one", "Apply, then plan and check again.", all...)
	case d.Complete != nil && !*d.Complete:
		return inventory.PartialUnit(unitPlan, inventory.ErrTruncated, "the plan covers only a part of the configuration (-target)", "Plan without -target.", all...)
	}
	if missing := p.missing(c); missing != "" {
		return inventory.PartialUnit(unitPlan, inventory.ErrTruncated, fmt.Sprintf("the configuration declares %s, and the plan does not say what becomes of it", redact.Text(missing)),
			"Plan without -target and -refresh-only, and print the whole plan with terraform show -json.", all...)
	}
	return inventory.CompleteUnit(unitPlan, all...)
}

// takeChanges keeps what describes tokens and what they rest on.
func (p *Plan) takeChanges(list []*tfjson.ResourceChange) error {
	seen := map[string]bool{}
	for _, rc := range list {
		if rc == nil || rc.Change == nil || rc.Address == "" {
			return &FormatError{Message: "an element of resource_changes has no address or no change"}
		}
		if len(rc.Address) > masking.MaxText {
			return &FormatError{Message: fmt.Sprintf("a resource address is longer than %d bytes", masking.MaxText)}
		}
		// An object that is left over of a failed replacement has the address of
		// the one in its place; it can only be deleted.
		id := rc.Address + "\x00" + rc.DeposedKey
		if seen[id] {
			return &FormatError{Message: fmt.Sprintf("%q occurs twice in resource_changes", redact.Text(rc.Address))}
		}
		seen[id] = true
		if err := p.takeChange(rc); err != nil {
			return err
		}
	}
	p.named = map[declared][]int{}
	for i, c := range p.changes {
		resource := declared{c.module, c.kind, c.name}
		p.named[resource] = append(p.named[resource], i)
	}
	return nil
}

func (p *Plan) takeChange(rc *tfjson.ResourceChange) error {
	c := change{
		address: rc.Address, module: rc.ModuleAddress, kind: rc.Type, name: rc.Name,
		before: kept(rc.Type, rc.Change.Before, nil, rc.Change.BeforeSensitive),
		after:  kept(rc.Type, rc.Change.After, unlessEmpty(rc.Change.AfterUnknown), rc.Change.AfterSensitive),
	}
	last := c.name
	if i := strings.LastIndex(c.address, "."+last); last != "" && i >= 0 {
		c.key = c.address[i+1+len(last):]
	}
	switch word := strings.Join(words(rc.Change.Actions), ","); word {
	case "no-op", "read":
		c.action = unchanged
	case "create":
		c.action, c.before = create, nil
	case "update":
		c.action = update
	case "delete":
		c.action, c.after = remove, nil
	case "delete,create", "create,delete":
		c.action = replace
	case "forget":
		c.action, c.after = forget, c.before
	case "create,forget", "forget,create":
		old := c
		old.action, old.after, old.address = forget, c.before, c.address
		p.changes = append(p.changes, old)
		c.action, c.before = create, nil
	default:
		return &FormatError{Message: fmt.Sprintf("%q: unknown action", redact.Text(rc.Address))}
	}
	if c.after == nil && c.action != remove || c.before == nil && c.action != create {
		return &FormatError{Message: fmt.Sprintf("%q: the values that go with the action are missing", redact.Text(rc.Address))}
	}
	p.changes = append(p.changes, c)
	return nil
}

// unlessEmpty makes the empty object, and false, which say that nothing is unknown, nil.
func unlessEmpty(unknown any) any {
	if m, ok := unknown.(map[string]any); ok && len(m) == 0 || unknown == false {
		return nil
	}
	return unknown
}

func words(actions tfjson.Actions) []string {
	list := make([]string, len(actions))
	for i, a := range actions {
		list[i] = string(a)
	}
	return list
}
