package exposure

import (
	"crypto/sha256"
	"fmt"
	"io"
	"sync"
)

// The purposes of a hash, each with hashes of its own.
const (
	// exactly is of a whole secret.
	exactly byte = iota
	// bySuffix is of what a CMS shows of a secret that it does not show whole.
	bySuffix
)

const (
	// blockSize is how long the key of HMAC-SHA256 is once it is padded.
	blockSize = 64
	keySize   = 32
	// messageSize is the purpose and the secret.
	messageSize = 1 + maxSecret
	vaultSize   = blockSize + messageSize + blockSize + sha256.Size
)

// vault holds the key of the run, and what is hashed while it is hashed, in a page of its
// own: see page. It is safe for concurrent use.
type vault struct {
	mu sync.Mutex
	// page is nil once the vault is closed. It holds, one after the other, the padded
	// key and the message of the inner hash, and those of the outer one.
	page []byte
	free func()
}

// newVault draws a key.
func newVault(random io.Reader) (*vault, error) {
	page, free := lockedPage(vaultSize)
	v := &vault{page: page, free: free}
	if _, err := io.ReadFull(random, page[:keySize]); err != nil {
		v.close()
		return nil, fmt.Errorf("cannot generate a random key: %w", err)
	}
	outer := v.outer()
	for i := range blockSize {
		outer[i] = page[i] ^ 0x5c
		page[i] ^= 0x36
	}
	return v, nil
}

// outer is where the outer hash is made.
func (v *vault) outer() []byte { return v.page[blockSize+messageSize : vaultSize] }

// sum is HMAC-SHA256 of a purpose and a secret, made in the page. crypto/hmac would keep
// copies of the padded key in the heap. It returns false, and no hash, for what is too
// long, and after close.
func (v *vault) sum(out *digest, purpose byte, secret []byte) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.page == nil || len(secret) > maxSecret {
		return false
	}
	inner := v.page[:blockSize+1+len(secret)]
	inner[blockSize] = purpose
	copy(inner[blockSize+1:], secret)
	outer := v.outer()
	*out = sha256.Sum256(inner)
	copy(outer[blockSize:], out[:])
	*out = sha256.Sum256(outer)
	clear(inner[blockSize:])
	clear(outer[blockSize:])
	return true
}

// close overwrites the key.
func (v *vault) close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.page != nil {
		clear(v.page)
		v.free()
		v.page = nil
	}
}
