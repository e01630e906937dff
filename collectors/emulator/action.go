package emulator

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// Respond answers with a status, header lines and a body. An empty body sends none.
func Respond(status int, header http.Header, body string) Action {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		for name, values := range header {
			w.Header()[http.CanonicalHeaderKey(name)] = values
		}
		w.WriteHeader(status)
		if body != "" {
			_, _ = w.Write([]byte(body))
		}
	}
}

// RespondJSON answers with a status and a JSON body.
func RespondJSON(status int, body string) Action {
	return Respond(status, http.Header{"Content-Type": {"application/json"}}, body)
}

// Redirect sends the client elsewhere.
func Redirect(status int, location string) Action {
	return Respond(status, http.Header{"Location": {location}}, "")
}

// Hang never answers; it ends when the client goes or the server does.
func Hang() Action {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		<-r.Context().Done()
		hangUp(w)
	}
}

// Disconnect closes the connection without an answer.
func Disconnect() Action {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { hangUp(w) }
}

// Delay holds the emulator's own answer back.
func Delay(d time.Duration) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if sleep(r.Context(), d) == nil {
			next.ServeHTTP(w, r)
		}
	}
}

// Drip sends the emulator's own body one byte every interval.
func Drip(interval time.Duration) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		own := record(r, next)
		own.sendHeader(w, own.body.Len())
		control := http.NewResponseController(w)
		for _, b := range own.body.Bytes() {
			if _, err := w.Write([]byte{b}); err != nil {
				return
			}
			if control.Flush() != nil || sleep(r.Context(), interval) != nil {
				return
			}
		}
	}
}

// Shorten sends only the first part of the emulator's own body, as if that were
// all of it: keep is the share that is kept, between 0 and 1.
func Shorten(keep float64) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		own := record(r, next)
		n := int(float64(own.body.Len()) * keep)
		own.sendHeader(w, n)
		_, _ = w.Write(own.body.Bytes()[:n])
	}
}

// BreakOff announces the emulator's own body and closes the connection after
// the share of it that keep says, between 0 and 1.
func BreakOff(keep float64) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		own := record(r, next)
		own.sendHeader(w, own.body.Len())
		_, _ = w.Write(own.body.Bytes()[:int(float64(own.body.Len())*keep)])
		_ = http.NewResponseController(w).Flush()
		hangUp(w)
	}
}

// Rewrite changes the emulator's own JSON body. The function gets it decoded
// (objects as map[string]any) and returns what is sent instead.
func Rewrite(change func(body any) any) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		own := record(r, next)
		var body any
		if err := json.Unmarshal(own.body.Bytes(), &body); err != nil {
			http.Error(w, "rewrite the answer: "+err.Error(), http.StatusInternalServerError)
			return
		}
		changed, err := json.Marshal(change(body))
		if err != nil {
			http.Error(w, "rewrite the answer: "+err.Error(), http.StatusInternalServerError)
			return
		}
		own.sendHeader(w, len(changed))
		_, _ = w.Write(changed)
	}
}

// RewriteText changes the emulator's own body as text, for what JSON's encoder
// does not let through: invalid UTF-8, doubled members, text after the end.
func RewriteText(change func(body []byte) []byte) Action {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		own := record(r, next)
		changed := change(own.body.Bytes())
		own.sendHeader(w, len(changed))
		_, _ = w.Write(changed)
	}
}

// Flood answers 200 with size bytes of a JSON array that never gets to its end.
func Flood(size int64) Action {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		chunk := bytes.Repeat([]byte("[],"), 1<<14)
		if _, err := w.Write([]byte("[")); err != nil {
			return
		}
		for sent := int64(0); sent < size; sent += int64(len(chunk)) {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
}

// EndlessGzip answers 200 with a gzip stream that unfolds to blanks and does not
// end before the client goes.
func EndlessGzip() Action {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		blanks := bytes.Repeat([]byte(" "), 1<<20)
		for r.Context().Err() == nil {
			if _, err := z.Write(blanks); err != nil {
				return
			}
		}
	}
}

// hangUp closes the connection under an answer. Where the writer has none (a
// recorder in a test), the answer just ends.
func hangUp(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}

// recording holds an answer back; it implements http.ResponseWriter.
type recording struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// record takes the emulator's own answer, uncompressed.
func record(r *http.Request, next http.Handler) *recording {
	plain := r.Clone(r.Context())
	plain.Header.Del("Accept-Encoding")
	own := &recording{header: http.Header{}, status: http.StatusOK}
	next.ServeHTTP(own, plain)
	return own
}

// Header implements http.ResponseWriter.
func (o *recording) Header() http.Header { return o.header }

// WriteHeader implements http.ResponseWriter.
func (o *recording) WriteHeader(status int) { o.status = status }

// Write implements http.ResponseWriter.
func (o *recording) Write(b []byte) (int, error) { return o.body.Write(b) }

func (o *recording) sendHeader(w http.ResponseWriter, length int) {
	maps.Copy(w.Header(), o.header)
	w.Header().Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(o.status)
}

// RespondError answers with an error body, which is encoded as JSON.
func RespondError(status int, contentType string, body any) Action {
	text, err := json.Marshal(body)
	if err != nil {
		text = []byte("null") // the bodies above always encode
	}
	return Respond(status, http.Header{"Content-Type": {contentType}}, string(text))
}
