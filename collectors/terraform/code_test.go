package terraform_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	inv "github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// repository writes files below a folder.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// located returns the source of a plan with the lines of the code in files, whose
// paths are shown from their folder.
func located(t *testing.T, files map[string]string, plan []byte) (s inv.Source, gaps []string) {
	t.Helper()
	return locatedIn(t, repository(t, files), plan)
}

func locatedIn(t *testing.T, dir string, plan []byte) (s inv.Source, gaps []string) {
	t.Helper()
	p := read(t, plan)
	err := p.Locate(t.Context(), filepath.Join(dir, "root"), func(path string) string {
		shown, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatal(err)
		}
		return shown
	})
	if err != nil {
		t.Fatal(err)
	}
	source := p.Source(at)
	return source, gapsOf(source)
}

// gapsOf are what was not read of the code.
func gapsOf(s inv.Source) []string {
	for _, u := range s.Units {
		if u.Name == "code" && u.Status == inv.UnitPartial {
			return strings.Split(u.Detail, "; ")
		}
	}
	return nil
}

func keyAt(address, module, name string) res {
	r := key("create")
	r.address, r.module, r.name = address, module, name
	return r
}

func TestLines(t *testing.T) {
	source, warnings := located(t, map[string]string{
		"root/main.tf": "# a comment\n\nresource \"contentful_apikey\" \"top\" {\n}\n\nmodule \"near\" {\n  source = \"../near\"\n}\n" +
			"\nmodule \"far\" {\n  source = \"example/far/contentful\"\n}\n",
		"root/more.tf.json":       "{\"resource\": {\"contentful_apikey\": {\n\n\"json\": {\"name\": \"x\"}}}}",
		"root/opentofu.tofu":      "resource \"contentful_apikey\" \"tofu\" {}\n",
		"root/notes.txt":          "resource \"contentful_apikey\" \"not_code\" {}\n",
		"near/a.tf":               "module \"inner\" {\n  source = \"./inner\"\n}\n",
		"near/inner/variables.tf": "\nresource \"contentful_apikey\" \"deep\" {\n  for_each = {}\n}\n",
		"root/broken.tf":          "resource \"contentful_apikey\" \"cut\" {\n  name = \n",
	}, planOf(nil,
		keyAt("contentful_apikey.top", "", "top"),
		keyAt("contentful_apikey.json", "", "json"),
		keyAt("contentful_apikey.tofu", "", "tofu"),
		keyAt("contentful_apikey.unknown[0]", "", "unknown"),
		keyAt(`module.near["a.b"].module.inner[0].contentful_apikey.deep["x"]`, `module.near["a.b"].module.inner[0]`, "deep"),
		keyAt("module.far.module.farther.contentful_apikey.y", "module.far.module.farther", "y"),
	))
	got := map[string]inv.Origin{}
	for _, token := range source.Tokens {
		got[token.Address] = token.Origin
	}
	want := map[string]inv.Origin{
		"contentful_apikey.top":        {File: "root/main.tf", Line: 3},
		"contentful_apikey.json":       {File: "root/more.tf.json", Line: 3},
		"contentful_apikey.tofu":       {File: "root/opentofu.tofu", Line: 1},
		"contentful_apikey.unknown[0]": {},
		`module.near["a.b"].module.inner[0].contentful_apikey.deep["x"]`: {File: "near/inner/variables.tf", Line: 2},
		"module.far.module.farther.contentful_apikey.y":                  {File: "root/main.tf", Line: 10},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"module.far: its code is not in the folder, where terraform init puts it", "root/broken.tf: line 1: cannot be parsed"}, warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestModulesThatCallEachOther(t *testing.T) {
	_, warnings := located(t, map[string]string{
		"root/main.tf": "module \"a\" {\n  source = \"../a\"\n}\n",
		"a/main.tf":    "module \"root\" {\n  source = \"../root\"\n}\nmodule \"gone\" {\n  source = \"../gone\"\n}\n",
	}, planOf(nil))
	want := []string{"gone: no such file or directory", "root: the modules call each other in a loop"}
	if diff := cmp.Diff(want, warnings); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A link is followed, as Terraform follows it, but to nothing that is not a document.
func TestCodeThatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "shared"), []byte("provider \"contentful\" {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code := filepath.Join(dir, "code")
	if err := os.Mkdir(code, 0o700); err != nil {
		t.Fatal(err)
	}
	want := []string{}
	for _, link := range [][3]string{
		{"a.tf", "../shared", ""}, {"b.tf", "/proc/self/environ", "is a kernel file, which is never read"},
		{"c.tf", "/dev/zero", "is a device or a socket, not a file"}, {"d.tf", "..", "is a folder, not a file"},
	} {
		if err := os.Symlink(link[1], filepath.Join(code, link[0])); err != nil {
			t.Skip(err)
		}
		if _, err := os.Stat(filepath.Join(code, link[0])); err != nil {
			t.Skip(err)
		}
		if link[2] != "" {
			want = append(want, filepath.Join(code, link[0])+": "+link[2])
		}
	}
	p := read(t, planOf(nil))
	if err := p.Locate(t.Context(), code, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, gapsOf(p.Source(at))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLocateWhatIsNoFolder(t *testing.T) {
	p := read(t, planOf(nil))
	for _, dir := range []string{"absent", "code_test.go"} {
		if err := p.Locate(t.Context(), dir, nil); err == nil {
			t.Errorf("%s: no error", dir)
		}
	}
}

// literal is what a test wants to know of one.
type literal struct {
	Address, Attribute string
	Place              inv.LiteralPlace
	CMS                string
	Line               int
}

func literalsOf(s inv.Source) []literal {
	var list []literal
	for _, l := range s.Literals {
		list = append(list, literal{l.Address, l.Attribute, l.Place, l.CMS, l.Origin.Line})
	}
	return list
}

const pretended = "CFPAT-pretendedPretendedPretended"

func provider(name, alias, module string, expressions object) object {
	return object{"name": name, "full_name": "registry.example.com/some/" + name, "alias": alias, "module_address": module, "expressions": expressions}
}

func constant(v any) object { return object{"constant_value": v} }

// withProviders puts provider blocks next to a root module.
func withProviders(root object, providers object) []byte {
	return marshal(object{"format_version": "1.2", "configuration": object{"provider_config": providers, "root_module": root}})
}

func TestLiterals(t *testing.T) {
	resource := func(kind string, expressions object) object {
		return object{"resources": []any{object{"address": kind + ".r", "mode": "managed", "type": kind, "name": "r", "expressions": expressions}}}
	}
	for name, c := range map[string]struct {
		plan []byte
		want []literal
	}{
		"provider": {withProviders(object{}, object{"contentful": provider("contentful", "", "", object{"cma_token": constant("anything")})}),
			[]literal{{"provider.contentful", "cma_token", inv.LiteralProvider, "contentful", 0}}},
		"alias in a module": {withProviders(object{}, object{"module.m:datocms.b": provider("datocms", "b", "module.m", object{"api_token": constant("x")})}),
			[]literal{{"module.m.provider.datocms.b", "api_token", inv.LiteralProvider, "datocms", 0}}},
		"several tokens": {withProviders(object{}, object{"datocms": provider("datocms", "", "", object{"api_tokens": constant(object{"a": "x"})})}),
			[]literal{{"provider.datocms", "api_tokens", inv.LiteralProvider, "datocms", 0}}},
		"not set":    {withProviders(object{}, object{"contentful": provider("contentful", "", "", object{"cma_token": constant(""), "organization_id": constant("o")})}), nil},
		"referenced": {withProviders(object{"variables": object{"t": object{}}}, object{"contentful": provider("contentful", "", "", object{"cma_token": object{"references": []string{"var.t"}}})}), nil},
		"default of the variable behind": {withProviders(object{"variables": object{"t": object{"default": "anything"}}}, object{"contentstack": provider("contentstack", "", "", object{"management_token": object{"references": []string{"var.t"}}})}),
			[]literal{{"var.t", "default", inv.LiteralVariable, "contentstack", 0}}},
		"passed to a module": {withProviders(object{"module_calls": object{"m": object{"expressions": object{"t": constant("anything")}, "module": object{"variables": object{"t": object{}}}}}},
			object{"module.m:contentful": provider("contentful", "", "module.m", object{"cma_token": object{"references": []string{"var.t"}}})}),
			[]literal{{"module.m", "t", inv.LiteralVariable, "contentful", 0}}},
		"by its looks, anywhere": {withProviders(object{
			"variables": object{"v": object{"default": object{"a": []any{pretended}}}, "w": object{"default": "text"}},
			"resources": []any{object{"address": "null_resource.r", "mode": "managed", "type": "null_resource", "name": "r", "expressions": object{"triggers": constant(object{"k": "cs0123456789abcdef0123456789"})}}},
		}, nil), []literal{
			{"null_resource.r", "triggers.k", inv.LiteralResource, "contentstack", 0},
			{"var.v", "default", inv.LiteralVariable, "contentful", 0},
		}},
		"header of a map": {withProviders(resource("contentful_webhook", object{"headers": constant(object{"Authorization": "abc", "X-Site": "shop"})}), nil),
			[]literal{{"contentful_webhook.r", "headers.Authorization", inv.LiteralHeader, "", 0}}},
		"header of an object": {withProviders(resource("contentful_webhook", object{"headers": constant(object{"X-Api-Key": object{"value": "abc", "secret": true}})}), nil),
			[]literal{{"contentful_webhook.r", "headers.X-Api-Key.value", inv.LiteralHeader, "", 0}}},
		"header of blocks": {withProviders(resource("contentstack_webhook", object{"destination": []any{object{"custom_headers": constant([]any{object{"header_name": "authtoken", "value": "abc"}})}}}), nil),
			[]literal{{"contentstack_webhook.r", "destination[0].custom_headers[0].value", inv.LiteralHeader, "", 0}}},
		"header elsewhere": {withProviders(resource("http_thing", object{"request_headers": constant(object{"Authorization": "Bearer " + pretended, "X-Other": "Bearer abcdefghijkl"})}), nil),
			[]literal{{"http_thing.r", "request_headers.Authorization", inv.LiteralHeader, "contentful", 0}}},
		"signing secret": {withProviders(resource("contentful_app_signing_secret", object{"value": constant("abc")}), nil),
			[]literal{{"contentful_app_signing_secret.r", "value", inv.LiteralResource, "contentful", 0}}},
		"password of a webhook": {withProviders(resource("contentstack_webhook", object{"destination": []any{object{"http_basic_password": constant("abc")}}}), nil),
			[]literal{{"contentstack_webhook.r", "destination[0].http_basic_password", inv.LiteralResource, "contentstack", 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, literalsOf(read(t, c.plan).Source(at))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The code shows what a plan does not: locals, and parts of what is not a constant
// as a whole. What both show is told once, at its line.
func TestLiteralsInCode(t *testing.T) {
	source, _ := located(t, map[string]string{"root/main.tf": `
provider "contentful" {
  alias     = "b"
  cma_token = "` + pretended + `"
}

locals {
  token = "` + pretended + `"
}

resource "contentful_webhook" "w" {
  headers = {
    Authorization = "Bearer ${var.x} ` + pretended + `"
  }
  filter {
    value = "` + pretended + `"
  }
}
`}, withProviders(object{}, object{"contentful.b": provider("contentful", "b", "", object{"cma_token": constant(pretended)})}))
	want := []literal{
		{"contentful_webhook.w", "filter.value", inv.LiteralResource, "contentful", 16},
		{"contentful_webhook.w", "headers", inv.LiteralResource, "contentful", 13},
		{"local.token", "value", inv.LiteralResource, "contentful", 8},
		{"provider.contentful.b", "cma_token", inv.LiteralProvider, "contentful", 4},
	}
	if diff := cmp.Diff(want, literalsOf(source)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Wherever a credential stands in code, it is found: in either syntax, in the second
// block of a name, in a comment, in what cannot be parsed.
func TestLiteralsAnywhereInCode(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  []literal
	}{
		"a comment": {map[string]string{"root/main.tf": "\n# cma_token = \"" + pretended + "\"\n"},
			[]literal{{"root/main.tf", "text", inv.LiteralResource, "contentful", 2}}},
		"no code": {map[string]string{"root/main.tf": "provider {\n\n token: " + pretended + "\n"},
			[]literal{{"root/main.tf", "text", inv.LiteralResource, "contentful", 3}}},
		"too deep": {map[string]string{"root/main.tf": "locals {\n a = [\"" + pretended + "\"" + strings.Repeat(",[", 20_000) + strings.Repeat("]", 20_000) + "]\n}\n"},
			[]literal{{"root/main.tf", "text", inv.LiteralResource, "contentful", 2}}},
		"an override": {map[string]string{
			"root/a_override.tf": "provider \"contentful\" {\n}\n", "root/main.tf": "provider \"contentful\" {\n  cma_token = \"" + pretended + "\"\n}\n"},
			[]literal{{"provider.contentful", "cma_token", inv.LiteralProvider, "contentful", 2}}},
		"an output": {map[string]string{"root/main.tf": "output \"o\" {\n  value = [\"" + pretended + "\"]\n}\n"},
			[]literal{{"output.o", "value", inv.LiteralResource, "contentful", 2}}},
		"a backend": {map[string]string{"root/main.tf": "terraform {\n  backend \"http\" {\n    password = \"" + pretended + "\"\n  }\n}\n"},
			[]literal{{"terraform", "backend.password", inv.LiteralResource, "contentful", 3}}},
		"a heredoc": {map[string]string{"root/main.tf": "locals {\n  a = <<-EOT\n    first\n    " + pretended + "\n  EOT\n}\n"},
			[]literal{{"local.a", "value", inv.LiteralResource, "contentful", 4}}},
		"in a label": {map[string]string{"root/main.tf": "variable \"" + pretended + "\" {\n  default = \"" + pretended + "\"\n}\n"},
			[]literal{{"root/main.tf", "text", inv.LiteralResource, "contentful", 1}, {"var.(credential)", "default", inv.LiteralVariable, "contentful", 2}}},
		"JSON": {map[string]string{"root/main.tf.json": `{"locals": {"a": ["x", {"b":
			"\u0043FPAT-pretendedPretendedPretended"}]},
			"variable": {"v": {"default": "` + pretended + `"}},
			"provider": {"contentful": [{}, {"alias": "b", "cma_token": "` + pretended + `"}]},
			"resource": [{"contentful_webhook": {"w": [{"headers": {"Authorization": "` + pretended + `"}}]}}],
			"//": "` + pretended + `"}`},
			[]literal{
				{"contentful_webhook.w", "headers", inv.LiteralResource, "contentful", 5},
				{"local.a", "value", inv.LiteralResource, "contentful", 2},
				{"provider.contentful.b", "cma_token", inv.LiteralProvider, "contentful", 4},
				{"root/main.tf.json", "text", inv.LiteralResource, "contentful", 6},
				{"var.v", "default", inv.LiteralVariable, "contentful", 3},
			}},
	} {
		t.Run(name, func(t *testing.T) {
			source, _ := located(t, c.files, planOf(nil))
			if diff := cmp.Diff(c.want, literalsOf(source)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if err := source.Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Modules that are not in the repository are read where terraform init has put them.
func TestInstalledModules(t *testing.T) {
	call := "module \"far\" {\n  source = \"example/far/contentful\"\n}\n"
	files := map[string]string{
		"root/main.tf":                                  call,
		"root/.terraform/modules/far/main.tf":           "module \"other\" {\n  source = \"git::https://example.com/x\"\n}\n",
		"root/.terraform/modules/far.other/sub/main.tf": "\nlocals {\n  a = \"" + pretended + "\"\n}\n",
		"root/.terraform/modules/modules.json": `{"Modules":[{"Key":"","Source":"","Dir":"."},
			{"Key":"far","Source":"registry.example.com/example/far/contentful","Version":"1.0.0","Dir":".terraform/modules/far"},
			{"Key":"far.other","Source":"git::https://example.com/x","Dir":".terraform/modules/far.other/sub"}]}`,
	}
	source, gaps := located(t, files, planOf(nil))
	if len(gaps) > 0 {
		t.Errorf("gaps: %q", gaps)
	}
	want := []literal{{"module.far.module.other.local.a", "value", inv.LiteralResource, "contentful", 3}}
	if diff := cmp.Diff(want, literalsOf(source)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	files["root/.terraform/modules/modules.json"] = `{"Modules":[],"Modules":[]}`
	_, gaps = located(t, files, planOf(nil))
	want2 := []string{"module.far: its code is not in the folder, where terraform init puts it", "root/.terraform/modules/modules.json: is not what terraform init writes"}
	if diff := cmp.Diff(want2, gaps); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
