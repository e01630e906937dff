package cmsapi

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/exposure"
)

// The defaults and fixed bounds of a session.
const (
	defaultTimeout   = 30 * time.Second
	defaultMaxWait   = 60 * time.Second
	defaultTotalWait = 10 * time.Minute
	defaultMaxBody   = 64 << 20
	defaultMaxPages  = 1000
)

// Options configure a Session. The zero value is usable.
type Options struct {
	// UserAgent is sent with every request.
	UserAgent string
	// CABundle is PEM text of extra roots; nil for the system's only.
	CABundle []byte
	// Timeout bounds one attempt to send a request, body included; 0 means 30 s.
	Timeout time.Duration
	// MaxWait bounds one wait for a rate limit; 0 means 60 s. A server that
	// asks for more is not waited for: the request ends as rate_limited.
	MaxWait time.Duration
	// TotalWait bounds the sum of the waits that 429 answers cause in one
	// domain; 0 means 10 min.
	TotalWait time.Duration
	// MaxBody is the most bytes that are read of one answer, counted after
	// decompression; 0 means 64 MiB.
	MaxBody int64
	// MaxPages is the most pages that are read of one list; 0 means 1000.
	MaxPages int
	// Unpaced switches the pacing by Limit.Rate off, for measurements against
	// emulators. A 429 still pauses its domain.
	Unpaced bool
	// Transport replaces the network, for tests; nil means TCP and TLS with the
	// proxy that the environment names. Everything that a session promises
	// about requests is enforced around it.
	Transport http.RoundTripper
	// Log gets one line a request at debug level: method, path, status and
	// duration, never a header or a body. Nil discards.
	Log *slog.Logger
	// Secrets takes the hashes of the secrets in the answers to requests that say where
	// they are. Nil takes none: nothing is hashed.
	Secrets *exposure.Secrets
	// Observe, if set, is told of every attempt and every wait. It must be
	// safe for concurrent use and must not block.
	Observe func(Event)
}

// Event is one attempt to send a request, one wait, or one pause of a domain.
type Event struct {
	CMS    string
	Domain string
	// Status is the HTTP status; 0 where no answer came, and for waits and pauses.
	Status int
	// Waited is how long one request was held back by the limiter or a 429; 0
	// for attempts. Requests wait side by side, so the sum is not a wall time.
	Waited time.Duration
	// Paused is by how much a 429 has prolonged the pause of its domain; 0 else.
	// The sum over a domain is wall time.
	Paused time.Duration
}

// Attempt reports whether the event is an attempt to send a request.
func (e Event) Attempt() bool { return e.Waited == 0 && e.Paused == 0 }

// Limit is the rate limit of a domain. All clients of a session that name the
// same Domain share one limiter; the first to name it sets its rate.
type Limit struct {
	// Domain is a stable name: "contentstack/organizations/blt1".
	Domain string
	// Rate is what the CMS publishes, in requests per second. The limiter stays
	// 3 % below it, and up to 6 % more if answers take unequally long, so that no
	// second, from whichever moment it is counted, sees more. 0 means that no
	// limit is known, and requests are not paced.
	Rate float64
	// Burst is how many requests may leave at once after a quiet time; 0 means 1.
	Burst int
	// Adapt reads the rate that the server grants from a response; nil or false
	// leaves the rate as it is.
	Adapt func(http.Header) (perSecond float64, ok bool)
	// RetryAfter reads how long a 429 asks to wait, besides the standard
	// Retry-After header; nil or false falls back to a backoff.
	RetryAfter func(http.Header) (time.Duration, bool)
}

// Session is what all clients of one run share: connections, rate limiters,
// the log. It is safe for concurrent use.
type Session struct {
	options   Options
	transport http.RoundTripper
	network   *http.Transport // nil if Options.Transport replaces it
	log       *slog.Logger

	mu      sync.Mutex
	domains map[string]*domain
}

// NewSession makes a Session. It fails if the CA bundle holds no certificate, or a
// setting of a proxy in the environment cannot be understood.
func NewSession(o Options) (*Session, error) {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxWait <= 0 {
		o.MaxWait = defaultMaxWait
	}
	if o.TotalWait <= 0 {
		o.TotalWait = defaultTotalWait
	}
	if o.MaxBody <= 0 {
		o.MaxBody = defaultMaxBody
	}
	if o.MaxPages <= 0 {
		o.MaxPages = defaultMaxPages
	}
	if o.UserAgent == "" {
		o.UserAgent = "tokenaudit"
	}
	s := &Session{options: o, log: o.Log, domains: map[string]*domain{}}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	next := o.Transport
	if next == nil {
		network, err := newNetwork(o.CABundle)
		if err != nil {
			return nil, err
		}
		s.network, next = network, network
	}
	s.transport = readOnly{next}
	return s, nil
}

// Close closes idle connections. Requests that are under way are not touched.
func (s *Session) Close() {
	if s.network != nil {
		s.network.CloseIdleConnections()
	}
}

// domain returns the limiter of a domain, made on first use.
func (s *Session) domain(cms string, l Limit, ceiling float64) *domain {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.domains[l.Domain]
	if d == nil {
		d = newDomain(cms, l, s.options)
		s.domains[l.Domain] = d
	}
	d.Lower(ceiling)
	return d
}
