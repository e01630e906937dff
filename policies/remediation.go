package policies

import (
	"path"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The keys of a remediation that are not names of CMSes whose tokens exist.
const (
	remediationDefault = "default"
	// remediationCode says what to do about a token that a Terraform plan declares.
	remediationCode = "terraform"
)

// RemediationFor returns the remediation for a CMS, or the default one.
func (r Rule) RemediationFor(cms string) string {
	if s, ok := r.Remediation[cms]; ok {
		return s
	}
	return r.Remediation[remediationDefault]
}

// RemediationOf returns what to do about a finding where it has to be done: in
// the Terraform code that declares a planned token, because the next run would
// undo what is done elsewhere, or in the CMS. token is nil for a finding about
// the source as a whole, whose CMS is cms.
func (r Rule) RemediationOf(cms string, token *inventory.Token) string {
	switch {
	case token == nil:
		return r.RemediationFor(cms)
	case InCode(token):
		return r.RemediationFor(remediationCode)
	}
	return r.RemediationFor(token.CMS)
}

// InCode reports whether Terraform code declares the token. A manifest, which is
// YAML, declares tokens too, but people make these in the CMS.
func InCode(token *inventory.Token) bool {
	return token.Planned != "" && token.Address != "" && !slices.Contains([]string{".yaml", ".yml"}, path.Ext(token.Origin.File))
}
