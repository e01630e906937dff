package cmsapi

import (
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi/pacing"
)

// domain is a rate-limit domain, with who is told of what happens in it.
type domain struct {
	*pacing.Domain
	cms, name string
	observe   func(Event)
}

func newDomain(cms string, l Limit, o Options) *domain {
	d := &domain{cms: cms, name: l.Domain, observe: o.Observe}
	settings := pacing.Settings{
		Rate: l.Rate, Burst: l.Burst, MaxWait: o.MaxWait, TotalWait: o.TotalWait,
		Waited: func(by time.Duration) { d.tell(Event{Waited: by}) },
		Paused: func(by time.Duration) { d.tell(Event{Paused: by}) },
	}
	if o.Unpaced {
		settings.Rate = 0
	}
	d.Domain = pacing.New(settings)
	return d
}

func (d *domain) tell(e Event) {
	if d.observe != nil {
		e.CMS, e.Domain = d.cms, d.name
		d.observe(e)
	}
}
