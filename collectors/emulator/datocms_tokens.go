package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
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

func (call *datoCMSCall) notFound() reply { return call.fail(http.StatusNotFound, "NOT_FOUND", "{}") }

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

// datoCMSTokenBody is what creates or updates a token.
type datoCMSTokenBody struct {
	Data struct {
		Attributes struct {
			Name    *string `json:"name"`
			CDA     *bool   `json:"can_access_cda"`
			Preview *bool   `json:"can_access_cda_preview"`
			CMA     *bool   `json:"can_access_cma"`
		} `json:"attributes"`
		Relationships *struct {
			Role struct {
				Data *struct {
					ID string `json:"id"`
				} `json:"data"`
			} `json:"role"`
		} `json:"relationships"`
	} `json:"data"`
}

// apply carries a body over into a token. All four attributes are required, and
// the role must not be null; an update may leave the relationships out.
func (call *datoCMSCall) apply(t *DatoCMSToken) *reply {
	var body datoCMSTokenBody
	if err := readJSON(call.r, &body); err != nil {
		failure := call.fail(http.StatusBadRequest, "INVALID_JSON_BODY", "{}")
		return &failure
	}
	a, relationships := body.Data.Attributes, body.Data.Relationships
	malformed := a.Name == nil || a.CDA == nil || a.Preview == nil || a.CMA == nil ||
		(relationships == nil && t.Role == "") || (relationships != nil && relationships.Role.Data == nil)
	if malformed {
		failure := call.fail(http.StatusUnprocessableEntity, "INVALID_FORMAT", `{"message":"the body does not match the schema"}`)
		return &failure
	}
	if relationships != nil {
		role := relationships.Role.Data.ID
		if call.project.role(role) == nil {
			details, _ := json.Marshal(object{"field": "role"})
			failure := call.fail(http.StatusUnprocessableEntity, "INVALID_FIELD", string(details))
			return &failure
		}
		t.Role = role
	}
	t.Name, t.CDA, t.Preview, t.CMA = *a.Name, *a.CDA, *a.Preview, *a.CMA
	return nil
}

func createDatoCMSToken(call *datoCMSCall) reply {
	highest := 0
	for _, t := range call.project.Tokens {
		n, _ := strconv.Atoi(t.ID)
		highest = max(highest, n)
	}
	id := strconv.Itoa(highest + 1)
	t := &DatoCMSToken{ID: id, Secret: Secret(DatoCMSTokenForm(), call.project.ID+"/"+id)}
	if failure := call.apply(t); failure != nil {
		return *failure
	}
	call.project.Tokens = append(call.project.Tokens, t)
	return reply{status: http.StatusCreated, body: object{"data": call.renderToken(t)}}
}

func updateDatoCMSToken(call *datoCMSCall) reply {
	t := call.pathToken()
	if t == nil {
		return call.notFound()
	}
	if t.Hardcoded != "" {
		return call.fail(call.options.NonEditableStatus, "NON_EDITABLE_ACCESS_TOKEN", "{}")
	}
	if failure := call.apply(t); failure != nil {
		return *failure
	}
	return ok(object{"data": call.renderToken(t)})
}

func rotateDatoCMSToken(call *datoCMSCall) reply {
	t := call.pathToken()
	if t == nil {
		return call.notFound()
	}
	t.Secret = Secret(DatoCMSTokenForm(), call.project.ID+"/"+t.ID+"/"+strconv.FormatUint(call.requests.Load(), 10))
	return ok(object{"data": call.renderToken(t)})
}

func deleteDatoCMSToken(call *datoCMSCall) reply {
	t := call.pathToken()
	if t == nil {
		return call.notFound()
	}
	if t == call.token {
		return call.fail(http.StatusUnprocessableEntity, "CANNOT_DESTROY_CURRENT_USER", "{}")
	}
	gone := call.renderToken(t)
	call.project.Tokens = slices.DeleteFunc(call.project.Tokens, func(o *DatoCMSToken) bool { return o == t })
	return ok(object{"data": gone})
}
