package cmsapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"unicode"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/redact"
)

// Failure is an answer that is not a success.
type Failure struct {
	Status int
	Header http.Header
	// Body is at most 64 KiB of the answer.
	Body []byte
}

// Error is what went wrong with a request, after all retries.
type Error struct {
	Class inventory.ErrorClass
	// Status is the HTTP status; 0 where no answer came.
	Status int
	// Code is the CMS's own code, such as "AccessTokenInvalid" or "109".
	Code string
	// Message is one sanitised line.
	Message string
	// Hint says what to do about it; may be empty.
	Hint string
	// Path is the path of the request, without the query.
	Path string
	Err  error
}

func (e *Error) Error() string {
	s := ""
	if e.Path != "" {
		s = "GET " + e.Path + ": "
	}
	if e.Status != 0 {
		s += fmt.Sprintf("%d ", e.Status)
	}
	if e.Code != "" {
		s += e.Code + ": "
	}
	return s + e.Message
}

// Unwrap returns the underlying error.
func (e *Error) Unwrap() error { return e.Err }

// HintStopped says what to do about what a run that was stopped has not read.
const HintStopped = "Run the audit again, with a longer time limit if needed."

// DoubtedEmpty returns the error of a list that came back empty although it may not be: why
// says what speaks for that, and hint how to be sure.
func DoubtedEmpty(why, hint string) *Error {
	return &Error{Class: inventory.ErrDoubtedEmpty, Message: why, Hint: hint + " If the list is known to be empty, list it in accept_empty."}
}

// At returns the error with the path of the list that it is about, if no request
// has named one. The error itself is not changed; nil stays nil.
func (e *Error) At(path string) *Error {
	if e == nil || e.Path != "" {
		return e
	}
	placed := *e
	placed.Path = path
	return &placed
}

// AsError finds the *Error in err, also one that is nil; any other error becomes
// one of class internal, and the end of a context one of class timeout.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	if e := (*Error)(nil); errors.As(err, &e) {
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &Error{Class: inventory.ErrTimeout, Message: "the run was stopped before this was read", Hint: HintStopped, Err: err}
	}
	return &Error{Class: inventory.ErrInternal, Message: oneLine(err.Error(), maxMessage), Err: err}
}

// ClassOf is the class that a status alone tells.
func ClassOf(status int) inventory.ErrorClass {
	switch status {
	case http.StatusUnauthorized:
		return inventory.ErrUnauthorized
	case http.StatusForbidden, http.StatusPaymentRequired, http.StatusUnavailableForLegalReasons:
		return inventory.ErrPermissionDenied
	case http.StatusNotFound, http.StatusGone:
		return inventory.ErrNotFound
	case http.StatusTooManyRequests:
		return inventory.ErrRateLimited
	case http.StatusRequestTimeout:
		return inventory.ErrTimeout
	case http.StatusConflict, http.StatusLocked, http.StatusTooEarly, http.StatusProxyAuthRequired:
		return inventory.ErrUnavailable
	}
	if status >= 500 {
		return inventory.ErrUnavailable
	}
	return inventory.ErrUnreadable
}

// failureError makes an Error of an answer, by the client's own
// classification, else by the status alone: a body that nobody has understood
// is not quoted.
func (c *Client) failureError(f Failure) *Error {
	var e *Error
	if c.config.Classify != nil {
		e = c.config.Classify(f)
	}
	if e == nil {
		e = &Error{}
	}
	if e.Class == "" {
		e.Class = ClassOf(f.Status)
	}
	if e.Status == 0 {
		e.Status = f.Status
	}
	if e.Message == "" {
		e.Message = http.StatusText(f.Status)
		if e.Message == "" {
			e.Message = "the server refused the request"
		}
	}
	return e
}

const (
	maxMessage = 300
	maxCode    = 64
)

// finish completes e for a request, and makes it safe to print: no credential, no
// control character, bounded. A message may hold words of the server, of which
// nothing that looks like a credential is kept; the ids in a path are shown
// everywhere, and look like that.
func (c *Client) finish(e *Error, r Request) *Error {
	secrets := c.secrets(r.Header)
	clean := func(s string, most int) string { return oneLine(scrub(s, secrets), most) }
	e.Path = clean(r.Path, maxMessage)
	e.Code = plainCode(clean(e.Code, maxCode+1))
	e.Message = clean(redact.Text(e.Message), maxMessage)
	e.Hint = clean(e.Hint, 2*maxMessage)
	if e.Err != nil {
		// What lies below may quote what the server sent.
		e.Err = &cleanError{text: e.Message, err: e.Err}
	}
	return e
}

var codePattern = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,64}$`)

// plainCode is a code that can be shown, or empty: codes are words and numbers.
func plainCode(code string) string {
	if !codePattern.MatchString(code) || redact.Text(code) != code {
		return ""
	}
	return code
}

// cleanError has our own words for err, and is err for errors.Is.
type cleanError struct {
	text string
	err  error
}

func (e *cleanError) Error() string        { return e.text }
func (e *cleanError) Is(target error) bool { return errors.Is(e.err, target) }

// oneLine makes text of a server printable: one line, valid UTF-8, no control
// or formatting characters, at most most runes.
func oneLine(s string, most int) string {
	var b strings.Builder
	n, space := 0, false
	for _, r := range s {
		if unicode.IsSpace(r) || unicode.Is(unicode.C, r) {
			space = n > 0
			continue
		}
		if n >= most || space && n+1 >= most {
			b.WriteString("…")
			break
		}
		if space {
			b.WriteByte(' ')
			n++
			space = false
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}
