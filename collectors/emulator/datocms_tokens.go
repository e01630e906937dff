package emulator

import (
	"net/http"
)

// listDatoCMSTokens serves all tokens at once: the list has no pages, and
// ignores parameters that ask for one.
func listDatoCMSTokens(call *datoCMSCall) reply {
	items := []object{}
	for _, t := range call.project.Tokens {
		items = append(items, call.renderToken(t))
	}
	return ok(object{"data": items})
}

func getDatoCMSToken(call *datoCMSCall) reply {
	if t := call.pathToken(); t != nil {
		return ok(object{"data": call.renderToken(t)})
	}
	return call.notFound()
}

func (call *datoCMSCall) notFound() reply { return call.fail(http.StatusNotFound, "NOT_FOUND") }

func (call *datoCMSCall) pathToken() *DatoCMSToken {
	id := call.r.PathValue("token")
	return find(call.project.Tokens, func(t *DatoCMSToken) bool { return t.ID == id })
}

// renderToken has the secret in clear for callers that may manage tokens.
func (call *datoCMSCall) renderToken(t *DatoCMSToken) object {
	attributes := object{
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
	return object{
		"type": "access_token", "id": t.ID, "attributes": attributes,
		"relationships": object{"role": object{"data": reference("role", t.Role)}},
	}
}

// lastCMA is the later of what the state says and what the emulator saw.
func (call *datoCMSCall) lastCMA(t *DatoCMSToken) DatoCMSUse {
	if seen := call.uses.latest(t); seen.After(t.LastCMA.At) {
		return DatoCMSUse{At: seen}
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
	return object{"type": resource, "id": id}
}
