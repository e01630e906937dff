package emulator

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// Object is a JSON object under construction.
type Object = map[string]any

// Reply is an answer that has not been written yet.
type Reply struct {
	Status int
	// body is encoded as JSON; nil sends none.
	Body any
	// text is the encoded body, once freeze has made it.
	text []byte
}

// OK is an answer of status 200.
func OK(body any) Reply { return Reply{Status: http.StatusOK, Body: body} }

// With adds a member to a body that is an object.
func (p Reply) With(name string, value any) Reply {
	if body, ok := p.Body.(Object); ok {
		body[name] = value
	}
	return p
}

// Freeze encodes the body. It is called while the state is locked, because the
// body may share memory with it; sending, which a slow client can hold up, is not.
func (p Reply) Freeze() Reply {
	if p.Body == nil {
		return p
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // names arrive as they are, "<script>" too
	if err := encoder.Encode(p.Body); err != nil {
		return Reply{Status: http.StatusInternalServerError, text: []byte(strconv.Quote("encode the answer: " + err.Error()))}
	}
	p.text = bytes.TrimRight(out.Bytes(), "\n")
	return p
}

// Write sends a frozen reply. The header of w holds what every answer of the
// CMS has.
func (c *Core) Write(w http.ResponseWriter, r *http.Request, p Reply) {
	if p.text == nil {
		w.Header().Del("Content-Type")
		w.WriteHeader(p.Status)
		return
	}
	sum := sha256.Sum256(p.text)
	w.Header().Set("ETag", `W/"`+hex.EncodeToString(sum[:16])+`"`)
	w.Header().Add("Vary", "Accept-Encoding")
	content := p.text
	if !c.options.NoGzip && acceptsGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
		content = compress(content)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(p.Status)
	_, _ = w.Write(content)
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding == "gzip" && strings.ReplaceAll(weight, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

// packers are writers of gzip: one is most of a megabyte, which costs more to make than an
// answer to pack.
var packers sync.Pool

func compress(content []byte) []byte {
	var out bytes.Buffer
	z, kept := packers.Get().(*gzip.Writer)
	if !kept {
		z = gzip.NewWriter(nil)
	}
	defer packers.Put(z)
	z.Reset(&out)
	_, _ = z.Write(content) // a bytes.Buffer takes everything
	_ = z.Close()
	return out.Bytes()
}

// List makes a slice that is encoded as [] when it is empty.
func List[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
