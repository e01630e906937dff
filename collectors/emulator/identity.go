package emulator

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"
)

// StableID returns an id of n characters of an alphabet, the same for the same seed.
func StableID(alphabet string, n int, seed string) string {
	sum := sha256.Sum256([]byte("id/" + seed))
	out := make([]byte, n)
	for i := range out {
		out[i] = alphabet[int(sum[i%len(sum)])%len(alphabet)]
	}
	return string(out)
}

// RequestID returns the nth request's id in the form of a UUID.
func RequestID(seed string, n uint64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "request/%s/%d", seed, n))
	digits := hex.EncodeToString(sum[:16])
	return strings.Join([]string{digits[:8], digits[8:12], "4" + digits[13:16], "a" + digits[17:20], digits[20:32]}, "-")
}

// SortedKeys returns the keys of a map in order.
func SortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
