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
)

// object is a JSON object under construction.
type object = map[string]any

// reply is an answer that has not been written yet.
type reply struct {
	status int
	// body is encoded as JSON; nil sends none.
	body any
	// text is the encoded body, once freeze has made it.
	text []byte
}

func ok(body any) reply { return reply{status: http.StatusOK, body: body} }

// with adds a member to a body that is an object.
func (p reply) with(name string, value any) reply {
	if body, ok := p.body.(object); ok {
		body[name] = value
	}
	return p
}

// freeze encodes the body. It is called while the state is locked, because the
// body may share memory with it; sending, which a slow client can hold up, is not.
func (p reply) freeze() reply {
	if p.body == nil {
		return p
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // names arrive as they are, "<script>" too
	if err := encoder.Encode(p.body); err != nil {
		return reply{status: http.StatusInternalServerError, text: []byte(strconv.Quote("encode the answer: " + err.Error()))}
	}
	p.text = bytes.TrimRight(out.Bytes(), "\n")
	return p
}

// write sends a frozen reply. The header of w holds what every answer of the
// CMS has.
func (c *core) write(w http.ResponseWriter, r *http.Request, p reply) {
	if p.text == nil {
		w.Header().Del("Content-Type")
		w.WriteHeader(p.status)
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
	w.WriteHeader(p.status)
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

func compress(content []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(content) // a bytes.Buffer takes everything
	_ = z.Close()
	return out.Bytes()
}
