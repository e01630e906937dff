package emulator

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"
)

// stableID gives an id of n characters of an alphabet, the same for the same seed.
func stableID(alphabet string, n int, seed string) string {
	sum := sha256.Sum256([]byte("id/" + seed))
	out := make([]byte, n)
	for i := range out {
		out[i] = alphabet[int(sum[i%len(sum)])%len(alphabet)]
	}
	return string(out)
}

// requestID gives the nth request's id in the form of a UUID.
func requestID(seed string, n uint64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "request/%s/%d", seed, n))
	digits := hex.EncodeToString(sum[:16])
	return strings.Join([]string{digits[:8], digits[8:12], "4" + digits[13:16], "a" + digits[17:20], digits[20:32]}, "-")
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
