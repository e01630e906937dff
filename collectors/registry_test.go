package collectors

import (
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

func TestNewRegistryRefusesMistakes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*Definition)
		want   string
	}{
		"a bad name":         {func(d *Definition) { d.CMS = "Paper!" }, "lower-case"},
		"no title":           {func(d *Definition) { d.Title = "" }, "no title"},
		"no constructor":     {func(d *Definition) { d.New = nil }, "no New"},
		"no least privilege": {func(d *Definition) { d.LeastPrivilege = "" }, "least-privilege credential"},
		"a fact left out":    {func(d *Definition) { delete(d.Facts, inventory.FactExpiry) }, "whether it reports expiry"},
		"a fact without a reason": {func(d *Definition) {
			d.Facts[inventory.FactExpiry] = inventory.FactSupport{Reported: inventory.SupportNo}
		}, "why it cannot report expiry"},
		"an unknown degree":           {func(d *Definition) { d.Facts[inventory.FactExpiry] = inventory.FactSupport{Reported: "maybe"} }, `"maybe"`},
		"an unknown fact":             {func(d *Definition) { d.Facts["colour"] = inventory.Reported() }, `"colour" is not a fact`},
		"an option twice":             {func(d *Definition) { d.Options = append(d.Options, d.Options[0]) }, "declared twice"},
		"a common option":             {func(d *Definition) { d.Options[0].Key = "labels" }, "common to all entries"},
		"a name that is not a string": {func(d *Definition) { d.Options[0] = Option{Key: "name", Type: OptionInteger, Help: "x"} }, "common to all entries"},
		"a key in camel case":         {func(d *Definition) { d.Options[0].Key = "apiKey" }, "snake_case"},
		"no help":                     {func(d *Definition) { d.Options[0].Help = "" }, "no help"},
		"an unknown type":             {func(d *Definition) { d.Options[0].Type = "float" }, "type is unknown"},
		"objects without items":       {func(d *Definition) { d.Options[0].Type = OptionObjects }, "needs items"},
		"items of a string":           {func(d *Definition) { d.Options[0].Items = []Option{{Key: "a", Type: OptionString, Help: "x"}} }, "only a list of objects"},
		"a mistake in an item":        {func(d *Definition) { d.Options[2].Items[0].Help = "" }, `"stacks.api_key": it has no help`},
		"an enumerated number": {func(d *Definition) {
			d.Options[0] = Option{Key: "n", Type: OptionInteger, Help: "x", Enum: []string{"1"}}
		}, "only strings"},
		"required with a default": {func(d *Definition) { d.Options[0].Required, d.Options[0].Default = true, "x" }, "has a default"},
		"an unknown alternative":  {func(d *Definition) { d.OneOf = [][]string{{"organization", "nothing"}} }, `"nothing" is not an option`},
		"a lone alternative":      {func(d *Definition) { d.AnyOf = [][]string{{"token"}} }, "1 members"},
		"a required alternative":  {func(d *Definition) { d.Options[0].Required = true }, "is required"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := definitionOf(t, "paper", nil)
			d.Options = []Option{
				{Key: "organization", Type: OptionString, Help: "The organization."},
				{Key: "token", Type: OptionSecret, Help: "The token."},
				{Key: "stacks", Type: OptionObjects, Help: "Stacks.", Items: []Option{{Key: "api_key", Type: OptionSecret, Help: "The key."}}},
			}
			d.OneOf = [][]string{{"organization", "token"}}
			if _, err := NewRegistry(d); err != nil {
				t.Fatalf("refused without a mistake: %v", err)
			}
			test.change(&d)
			_, err := NewRegistry(d)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	r := registryOf(t, definitionOf(t, "b", nil), definitionOf(t, "a", nil))
	if all := r.Definitions(); len(all) != 2 || all[0].CMS != "a" {
		t.Errorf("got %v", all)
	}
	if d, ok := r.Lookup("b"); !ok || d.CMS != "b" {
		t.Error("b is not found")
	}
	if _, ok := r.Lookup("c"); ok {
		t.Error("c is found")
	}
	if _, err := NewRegistry(definitionOf(t, "a", nil), definitionOf(t, "a", nil)); err == nil {
		t.Error("a name can be taken twice")
	}
}
