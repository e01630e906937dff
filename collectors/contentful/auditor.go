package contentful

import (
	"context"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// auditor is what is known of the credential of the scan.
type auditor struct {
	// tokenID is Contentful's id of the credential; empty if it was not
	// recognised, for reason.
	tokenID string
	writes  inventory.Ternary
	reason  string
}

// self looks for the credential among its user's own tokens.
//
// Contentful does not tell which token a request came with. It shows the last
// four characters of each, and a working token is neither revoked nor expired:
// if exactly one such token ends as the credential does, it is taken for it. By
// chance that happens once in sixteen million. A credential that is in no list
// (a session of the web app) is not recognised.
func (c *collector) self(ctx context.Context) auditor {
	own := c.ownTokens(ctx)
	if own.Err != nil {
		return auditor{writes: inventory.Unknown, reason: "the credential's own tokens could not be read"}
	}
	var matches []accessToken
	for _, t := range own.Items {
		redacted := string(t.sys().RedactedValue.Value)
		if len(redacted) == 4 && c.credential.EndsWith(redacted) && c.mayWork(t) {
			matches = append(matches, t)
		}
	}
	if len(matches) != 1 {
		return auditor{writes: inventory.Unknown, reason: "the credential was not recognized among its user's own tokens"}
	}
	a := auditor{tokenID: matches[0].id(), reason: "recognized by its last four characters among its user's own tokens"}
	scopes := matches[0].Scopes
	switch {
	case slices.Contains(scopes.Items, scopeManage):
		a.writes = inventory.Yes
	case scopes.Err("scopes") == nil && len(scopes.Items) == 1 && scopes.Items[0] == scopeRead:
		a.writes = inventory.No
	default:
		a.writes = inventory.Unknown
		a.reason += ", but its scopes cannot be read"
	}
	return a
}

// mayWork reports whether a token is neither revoked nor expired, as far as is
// known.
func (c *collector) mayWork(t accessToken) bool {
	expires, dated := t.sys().ExpiresAt.Get()
	expired := dated && !expires.Time.After(c.now())
	return !expired && revokedAt(t).State != inventory.TimestampAt
}

// inOrganization is what the credential could do at an organization, whose
// lists of tokens show four characters of each.
func (a auditor) inOrganization() inventory.Auditor {
	return inventory.Auditor{
		ReadsSecrets: inventory.No, Writes: a.writes, Necessary: a.necessary(inventory.No),
		Detail: a.detail("the scope " + scopeRead + " would be enough"),
	}
}

// inSpace is what the credential could do at a space. Whoever gets a list of
// API keys gets the keys.
func (a auditor) inSpace(readsSecrets inventory.Ternary) inventory.Auditor {
	d := a.detail("whether the scope " + scopeRead + " would be enough to list API keys is not documented: try it")
	if readsSecrets == inventory.Yes {
		d = cmsapi.JoinReasons(d, "Contentful's lists of API keys hold the keys")
	}
	return inventory.Auditor{ReadsSecrets: readsSecrets, Writes: a.writes, Necessary: a.necessary(inventory.Unknown), Detail: d}
}

// necessary: the scope to read is the weakest there is. For a credential that
// can write the answer is manages.
func (a auditor) necessary(manages inventory.Ternary) inventory.Ternary {
	switch a.writes {
	case inventory.Yes:
		return manages
	case inventory.No:
		return inventory.Yes
	default:
		return inventory.Unknown
	}
}

func (a auditor) detail(ifWrites string) string {
	if a.writes != inventory.Yes {
		return a.reason
	}
	return cmsapi.JoinReasons(a.reason, ifWrites)
}
