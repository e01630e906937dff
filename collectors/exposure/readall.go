package exposure

import (
	"errors"
	"io"
)

// ReadAll is [io.ReadAll], but for what a buffer that grows leaves behind: that is
// overwritten, because it may hold secrets.
func ReadAll(r io.Reader) ([]byte, error) {
	b := make([]byte, 0, 4096)
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return b, err
		}
		if len(b) == cap(b) {
			grown := append(make([]byte, 0, 2*cap(b)), b...)
			clear(b)
			b = grown
		}
	}
}
