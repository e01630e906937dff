package code

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/strictjson"
	"github.com/tokenaudit/tokenaudit/collectors/terraform/tfaddress"
	"github.com/tokenaudit/tokenaudit/collectors/userfile"
)

// findInstalled reads where `terraform init` has put the modules that are not in
// folders of the repository:
// https://developer.hashicorp.com/terraform/language/modules/sources.
func (c *Code) findInstalled(dir string) {
	path := filepath.Join(dir, ".terraform", "modules", "modules.json")
	text, err := userfile.Read(path, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		c.gap("%s: %s", c.shown(path), userfile.Reason(err))
		return
	}
	var list struct {
		Modules []struct{ Key, Dir string }
	}
	if strictjson.TooDeep(text, maxDepth) >= 0 || json.Unmarshal(text, &list) != nil || strictjson.RepeatedMember(text) >= 0 {
		c.gap("%s: is not what terraform init writes", c.shown(path))
		return
	}
	c.installed = map[string]string{}
	for _, m := range list.Modules {
		c.installed[m.Key] = filepath.Join(dir, filepath.FromSlash(m.Dir))
	}
}

// moduleKey is how modules.json calls the module with an address: a.b for
// module.a.module.b.
func moduleKey(address string) string {
	var names []string
	for _, step := range tfaddress.Steps(address) {
		names = append(names, step.Name)
	}
	return strings.Join(names, ".")
}
