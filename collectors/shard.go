package collectors

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Shard is a part of a run that is spread over several machines. It takes
// whole rate-limit domains, so that two shards never draw on the same limit.
// The zero value takes everything.
type Shard struct {
	// Index counts from 1 to Count.
	Index, Count int
}

// ParseShard reads "3/16".
func ParseShard(s string) (Shard, error) {
	index, count, ok := strings.Cut(s, "/")
	i, errIndex := strconv.Atoi(index)
	n, errCount := strconv.Atoi(count)
	if !ok || errIndex != nil || errCount != nil || i < 1 || i > n || n > 10_000 {
		return Shard{}, fmt.Errorf("invalid shard %q: expected INDEX/COUNT, for example 3/16; the first is 1/16, the last 16/16", s)
	}
	return Shard{i, n}, nil
}

// ShardOf reads "3/16" like ParseShard, and also "NAME/16", where the
// environment variable NAME holds a number that counts from 0: the completion
// index of a Kubernetes Indexed Job, whose container need not have a shell.
func ShardOf(s string, lookup func(name string) (string, bool)) (Shard, error) {
	name, count, ok := strings.Cut(s, "/")
	if !ok || !variable.MatchString(name) {
		return ParseShard(s)
	}
	value, set := lookup(name)
	if !set {
		return Shard{}, fmt.Errorf("the environment variable %s is not set", name)
	}
	i, err := strconv.Atoi(value)
	if err != nil || i < 0 {
		return Shard{}, fmt.Errorf("the environment variable %s is %q, which is not a number that counts from 0", name, value)
	}
	return ParseShard(strconv.Itoa(i+1) + "/" + count)
}

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Owns reports whether the shard takes a domain. The answer is the same on every
// machine and in every version: the first 64 bits of the name's SHA-256, modulo
// Count.
func (s Shard) Owns(domain string) bool {
	if s.Count <= 1 {
		return true
	}
	sum := sha256.Sum256([]byte(domain))
	return binary.BigEndian.Uint64(sum[:])%uint64(s.Count) == uint64(s.Index-1)
}

func (s Shard) String() string {
	if s.Count <= 1 {
		return "1/1"
	}
	return strconv.Itoa(s.Index) + "/" + strconv.Itoa(s.Count)
}
