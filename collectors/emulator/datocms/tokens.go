package datocms

import (
	"net/http"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// listDatoCMSTokens serves all tokens at once: the list has no pages, and
// ignores parameters that ask for one.
func listTokens(call *request) emulator.Reply {
	items := []emulator.Object{}
	for _, t := range call.project.Tokens {
		items = append(items, call.renderToken(t))
	}
	return emulator.OK(emulator.Object{"data": items})
}

func getToken(call *request) emulator.Reply {
	if t := call.pathToken(); t != nil {
		return emulator.OK(emulator.Object{"data": call.renderToken(t)})
	}
	return call.notFound()
}

func (call *request) notFound() emulator.Reply { return call.fail(http.StatusNotFound, "NOT_FOUND") }

func (call *request) pathToken() *Token {
	id := call.r.PathValue("token")
	return emulator.Find(call.project.Tokens, func(t *Token) bool { return t.ID == id })
}

// renderToken has the secret in clear for callers that may manage tokens.
func (call *request) renderToken(t *Token) emulator.Object {
	attributes := emulator.Object{
		"name": t.Name, "hardcoded_type": orNull(t.Hardcoded),
		"can_access_cda": t.CDA, "can_access_cda_preview": t.Preview, "can_access_cma": t.CMA,
	}
	if t.Hardcoded == "" && call.options.EmptyHardcodedType {
		attributes["hardcoded_type"] = ""
	}
	if !call.options.OmitAccessWords {
		attributes["last_cma_access"] = call.accessWord(call.lastCMA(t), call.now)
		attributes["last_cda_access"] = call.accessWord(t.LastCDA, call.now)
	}
	if call.permissions.Flags["can_manage_access_tokens"] {
		attributes["token"] = t.Secret
	} else if !call.options.OmitSecrets {
		attributes["token"] = nil
	}
	return emulator.Object{
		"type": "access_token", "id": t.ID, "attributes": attributes,
		"relationships": emulator.Object{"role": emulator.Object{"data": reference("role", t.Role)}},
	}
}

// lastCMA is the later of what the state says and what the emulator saw.
func (call *request) lastCMA(t *Token) Use {
	if seen := call.uses.Latest(t); seen.After(t.LastCMA.At) {
		return Use{At: seen}
	}
	return t.LastCMA
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// reference links to a resource; null where there is none.
func reference(resource, id string) any {
	if id == "" {
		return nil
	}
	return emulator.Object{"type": resource, "id": id}
}
