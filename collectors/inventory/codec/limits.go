package codec

// MaxDocument is how large a document may be unless Limits say otherwise, in
// bytes.
const MaxDocument = 16 << 30

// Limits bound what Read accepts. A zero field means its default.
type Limits struct {
	// Document is the size of the whole document in bytes; MaxDocument.
	Document int64
	// Value is the size in bytes of one token, and of one member of a source
	// other than its tokens; 8 MiB.
	Value int
	// Sources, and tokens per source; 1,000,000 each.
	Sources         int
	TokensPerSource int
	// String is the length of one string in bytes, as it stands in the
	// document; 4 MiB.
	String int
	// Depth is how deep values may be nested inside a token or a member of a source; 32.
	Depth int
}

func (l Limits) orDefault() Limits {
	setDefault(&l.Document, MaxDocument)
	setDefault(&l.Value, 8<<20)
	setDefault(&l.Sources, 1_000_000)
	setDefault(&l.TokensPerSource, 1_000_000)
	setDefault(&l.String, 4<<20)
	setDefault(&l.Depth, 32)
	return l
}

func setDefault[T int | int64](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
