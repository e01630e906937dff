package engine

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/policies/policytest"
	"github.com/tokenaudit/tokenaudit/policies/regofile"
	"github.com/tokenaudit/tokenaudit/policies/ruletest"
)

// planted is a secret in a file that custom rules lead to. The last word of it has
// no form that would tell.
const planted = "5ec2e7ed0c1b2a39 hunter2"

// refusedWith loads the paths, and demands LoadErrors that say want and quote
// nothing of the planted secret.
func refusedWith(t *testing.T, want string, paths ...string) {
	t.Helper()
	_, err := Load(t.Context(), LoadOptions{Paths: paths})
	if _, ok := errors.AsType[regofile.LoadErrors](err); !ok {
		t.Fatalf("got %v, want LoadErrors", err)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("%q is not in the error:\n%s", want, err)
	}
	for word := range strings.FieldsSeq(planted) {
		if strings.Contains(err.Error(), word) {
			t.Errorf("a secret is in the error:\n%s", err)
		}
	}
	_, err = ruletest.Run(t.Context(), paths, ruletest.Options{})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the tests of rules: %v", err)
	}
}

// What a link in the folder of custom rules leads to is nobody's rule.
func TestLinkOutOfTheCustomRules(t *testing.T) {
	dir := policytest.Write(t, map[string]string{"rules/ours.rego": policytest.CustomRule(policytest.DenyNames), "secret": planted, "elsewhere/package.rego": "package custom.lib.x\n\n" + planted})
	rules := filepath.Join(dir, "rules")
	for _, to := range []string{"../secret", filepath.Join(dir, "secret"), "../elsewhere/package.rego", "/proc/self/environ", "/dev/zero", "/dev/stdin"} {
		link := filepath.Join(rules, "link.rego")
		if err := os.Symlink(to, link); err != nil {
			t.Skip(err)
		}
		refusedWith(t, "link.rego: read custom rules: is a link that points outside its folder", rules)
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("ours.rego", filepath.Join(rules, "again.rego")); err != nil {
		t.Fatal(err)
	}
	load(t, LoadOptions{Paths: []string{rules}})
}

// A path that the user names may lead anywhere, but what is there is quoted only
// if it is plainly Rego.
func TestErrorsQuoteRegoAlone(t *testing.T) {
	dir := policytest.Write(t, map[string]string{
		"secret.rego":    planted,
		"env.rego":       "# a comment\nSECRET=" + planted + "\n",
		"module.rego":    "module x\n" + planted,
		"packages.rego":  "packages: [" + planted + "]\n",
		"ours.rego":      policytest.CustomRule("deny contains x if x := = 1 # password=hunter2"),
		"key.rego":       policytest.CustomRule("key = = \"" + strings.Repeat("5ec2e7ed0c1b2a39", 2) + "\""),
		"metadata.rego":  "# METADATA\n# title: [\"Bearer hunter2\"\n" + "package custom.rules.ours\n",
		"directory/x":    "",
		"directory.rego": "package",
	})
	for _, name := range []string{"secret.rego", "env.rego", "module.rego", "packages.rego", "directory.rego"} {
		refusedWith(t, name+": not a Rego file: expected a package", filepath.Join(dir, name))
	}
	for _, name := range []string{"ours.rego:13", "key.rego:13", "metadata.rego:"} {
		file, _, _ := strings.Cut(name, ":")
		refusedWith(t, name, filepath.Join(dir, file))
	}
	link := filepath.Join(dir, "link.rego")
	if err := os.Symlink("/proc/self/environ", link); err != nil {
		t.Skip(err)
	}
	if _, err := os.Stat(link); err == nil {
		refusedWith(t, "is a kernel file", link)
	}
}

// OPA parses what is in a bundle before anything here sees it.
func TestErrorsQuoteNothingOfABundle(t *testing.T) {
	for name, text := range map[string]string{"/x.rego": "x = = " + planted, "/data.json": planted, "/data.yaml": planted, "/.manifest": planted} {
		file := filepath.Join(t.TempDir(), "rules.tar.gz")
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		packed := gzip.NewWriter(f)
		archive := tar.NewWriter(packed)
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		_, err = archive.Write([]byte(text))
		if err := errors.Join(err, archive.Close(), packed.Close(), f.Close()); err != nil {
			t.Fatal(err)
		}
		refusedWith(t, "rules.tar.gz", file)
	}
}
