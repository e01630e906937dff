package report

import "github.com/tokenaudit/tokenaudit/policies/risk"

// RiskCounts counts tokens by the band of their risk.
type RiskCounts struct {
	// Certain is by what is known, Possible by what could be at most.
	Certain  BandCounts `json:"certain"`
	Possible BandCounts `json:"possible"`
}

// BandCounts counts tokens by band.
type BandCounts struct {
	Severe   int `json:"severe"`
	High     int `json:"high"`
	Moderate int `json:"moderate"`
	Low      int `json:"low"`
}

// add counts a token.
func (c *BandCounts) add(b risk.Band, n int) {
	switch b {
	case risk.Severe:
		c.Severe += n
	case risk.High:
		c.High += n
	case risk.Moderate:
		c.Moderate += n
	case risk.Low:
		c.Low += n
	}
}

// Of returns the number of a band.
func (c BandCounts) Of(b risk.Band) int {
	return map[risk.Band]int{risk.Severe: c.Severe, risk.High: c.High, risk.Moderate: c.Moderate, risk.Low: c.Low}[b]
}

// From counts the tokens of a band and of the worse ones.
func (c BandCounts) From(b risk.Band) int {
	n := 0
	for _, band := range risk.AllBands() {
		if band.Reaches(b) {
			n += c.Of(band)
		}
	}
	return n
}

// Risk counts the tokens of all sources by risk; nil where no source was judged by risk.
func (r *Report) Risk() *RiskCounts {
	var sum *RiskCounts
	for i := range r.Sources {
		counts := r.Sources[i].Risk
		if counts == nil {
			continue
		}
		if sum == nil {
			sum = &RiskCounts{}
		}
		for _, band := range risk.AllBands() {
			sum.Certain.add(band, counts.Certain.Of(band))
			sum.Possible.add(band, counts.Possible.Of(band))
		}
	}
	return sum
}

// Count counts a token.
func (c *RiskCounts) Count(r *risk.Risk) {
	c.Certain.add(r.Band, 1)
	c.Possible.add(r.MaxBand, 1)
}

func countRisks(risks []risk.Risk) *RiskCounts {
	if risks == nil {
		return nil
	}
	c := &RiskCounts{}
	for i := range risks {
		c.Count(&risks[i])
	}
	return c
}
