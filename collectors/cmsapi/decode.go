package cmsapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/strictjson"
)

// decode reads the JSON of an answer into out. encoding/json replaces invalid
// UTF-8, bounds the depth, and knows of no cycle, so nothing in body can do
// harm.
func decode(a *answer, out any) *Error {
	e := &Error{Class: inventory.ErrUnreadable, Status: a.status}
	if a.status == http.StatusPartialContent {
		e.Class, e.Message = inventory.ErrTruncated, "the server sent partial content, which was not requested"
		return e
	}
	body := bytes.TrimSpace(bytes.TrimPrefix(a.body, []byte("\xef\xbb\xbf")))
	if len(body) == 0 {
		e.Message = "the response is empty"
		return e
	}
	err := unmarshalAnswer(body, out)
	var (
		syntax *json.SyntaxError
		shape  *json.UnmarshalTypeError
	)
	switch {
	case err == nil:
		if at := strictjson.RepeatedMember(body); at >= 0 {
			e.Message = fmt.Sprintf("an object in the response has a duplicate key, at byte %d", at)
			return e
		}
		if strictjson.Exactly(body, out) != nil {
			e.Message = "the response cannot be parsed"
			return e
		}
		return nil
	case errors.As(err, &syntax) && body[0] != '{' && body[0] != '[':
		e.Message = "the response is not JSON" + contentType(a)
	case errors.As(err, &syntax) && strings.HasPrefix(syntax.Error(), "unexpected end"):
		e.Class, e.Message = inventory.ErrTruncated, "the JSON in the response is cut off"
	case errors.As(err, &syntax):
		e.Message = fmt.Sprintf("invalid JSON in the response at byte %d", syntax.Offset)
	case errors.As(err, &shape) && shape.Field != "":
		e.Message = fmt.Sprintf("%s in the response is a %s", shape.Field, firstWord(shape.Value))
	case errors.As(err, &shape):
		e.Message = "the response is a JSON " + firstWord(shape.Value)
	default:
		e.Message = "the response cannot be parsed"
	}
	e.Err = err
	return e
}

// unmarshalAnswer is json.Unmarshal. It looks once whether the body is valid JSON.
func unmarshalAnswer(body []byte, out any) error {
	if !json.Valid(body) {
		return json.Unmarshal(body, out) // says what is wrong, and where
	}
	return unmarshal(body, out)
}

// contentType says what the server calls its answer, if it is one of the types that
// come in place of JSON: a header is as little to be quoted as a body.
func contentType(a *answer) string {
	media, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil || !slices.Contains([]string{"text/html", "text/plain", "text/xml", "application/xml"}, media) {
		return ""
	}
	return " but " + media
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}
