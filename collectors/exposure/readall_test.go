package exposure

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadAll(t *testing.T) {
	for _, n := range []int{0, 1, 4095, 4096, 4097, 100_000} {
		text := strings.Repeat("x", n)
		got, err := ReadAll(iotest.OneByteReader(strings.NewReader(text)))
		if err != nil || string(got) != text {
			t.Errorf("%d bytes: got %d, %v", n, len(got), err)
		}
	}
	if _, err := ReadAll(iotest.ErrReader(io.ErrUnexpectedEOF)); err == nil {
		t.Error("an error was lost")
	}
}
