package collectors

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
)

// Progress counts what a run has done so far. Give its Observe to the session
// of the run, itself to Collect, and ask for a Snapshot as often as you like.
// It is safe for concurrent use; the zero value is ready.
type Progress struct {
	mu  sync.Mutex
	cms map[string]*CMSProgress
	// paused is by how much each domain was paused.
	paused map[string]time.Duration
}

// CMSProgress is how far the sources of one CMS are.
type CMSProgress struct {
	CMS string
	// Entries of the configuration, and how many of them have been searched.
	Entries, Discovered int
	// Sources found so far, and how many of them are done. Sources is final
	// when all entries are discovered.
	Sources, Done int
	// Incomplete counts the sources done of which something could not be read.
	Incomplete int
	Tokens     int
	// Requests counts every attempt; Limited those that were answered by 429.
	Requests, Limited int
	// Waited is what the limiters held requests back, added up over requests:
	// they wait side by side, so it is more than wall time.
	Waited time.Duration
	// Paused is the longest that the 429s of one domain have stopped it.
	Paused time.Duration
}

// Observe takes note of what the HTTP client does.
func (p *Progress) Observe(e cmsapi.Event) {
	p.update(e.CMS, func(c *CMSProgress) {
		c.Waited += e.Waited
		if e.Paused > 0 {
			if p.paused == nil {
				p.paused = map[string]time.Duration{}
			}
			p.paused[e.Domain] += e.Paused
			c.Paused = max(c.Paused, p.paused[e.Domain])
		}
		if e.Attempt() {
			c.Requests++
		}
		if e.Status == 429 {
			c.Limited++
		}
	})
}

// Snapshot returns the state of every CMS, sorted by name.
func (p *Progress) Snapshot() []CMSProgress {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]CMSProgress, 0, len(p.cms))
	for _, c := range p.cms {
		all = append(all, *c)
	}
	slices.SortFunc(all, func(a, b CMSProgress) int { return strings.Compare(a.CMS, b.CMS) })
	return all
}

// update changes the counts of a CMS. A nil Progress counts nothing.
func (p *Progress) update(cms string, change func(*CMSProgress)) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cms == nil {
		p.cms = map[string]*CMSProgress{}
	}
	c := p.cms[cms]
	if c == nil {
		c = &CMSProgress{CMS: cms}
		p.cms[cms] = c
	}
	change(c)
}
