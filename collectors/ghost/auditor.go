package ghost

import (
	"fmt"

	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// auditor describes the scan's own credential: own is its token, if it is known.
func (s site) auditor(own []inventory.Token, a answers) inventory.Auditor {
	if len(own) == 0 {
		return instance.UnknownAuditor("whose staff access token the credential is could not be read: " + a.me.Err.Message)
	}
	token := own[0]
	described := inventory.Auditor{
		Token: token.ID, ReadsSecrets: token.Access.ManagesTokens, Writes: inventory.TernaryOf(token.Access.Write), Necessary: inventory.Yes,
		Detail: fmt.Sprintf("the credential is the staff access token of %q, %s; Ghost has none that can only list keys, and the list contains the secrets, which are dropped", token.Owner.Name, token.Owner.Role),
	}
	switch {
	case token.Access.Assumed:
		described.Writes, described.Necessary = inventory.Unknown, inventory.Unknown
		described.Detail = "what the staff access token of the scan may do is not known: " + token.Access.Reason
	case token.Access.ManagesTokens != inventory.Yes:
		described.Necessary = inventory.Unknown
		described.Detail = fmt.Sprintf("the credential is the staff access token of %q, %s; listing keys takes an administrator", token.Owner.Name, token.Owner.Role)
	}
	return described
}
