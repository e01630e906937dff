// Package risk reads what the risk model says of the tokens of one source: the points of
// each factor, and the score and the band that they come to.
//
// The model is Rego (policies/rules/risk.rego), so that it can be read, tested and replaced.
package risk

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/policies/output"
)

// Factors is the name of the set that a model must have.
const Factors = "factors"

// MaxScore is the highest score. Points beyond it do not count.
const MaxScore = 100

// InputMembers is the JSON Schema of what the input of a model has besides that of a rule.
func InputMembers() map[string]any {
	text := map[string]any{"type": "string"}
	return map[string]any{Verdicts: map[string]any{
		"type":        "object",
		"description": "The verdicts of custom rules on a token that are not a pass, by its id.",
		"additionalProperties": map[string]any{"type": "array", "items": map[string]any{
			"type": "object", "properties": map[string]any{"rule": text, "severity": text, "status": text},
		}},
	}}
}

// Verdicts is the member of the input that has the verdicts of custom rules.
const Verdicts = "verdicts"

const (
	maxFactors = 50 // factors of one token
	maxName    = 100
)

// Band is a range of scores.
type Band string

// The bands, worst first.
const (
	Severe   Band = "severe"
	High     Band = "high"
	Moderate Band = "moderate"
	Low      Band = "low"
)

// AllBands returns the bands, worst first.
func AllBands() []Band { return []Band{Severe, High, Moderate, Low} }

// Reaches reports whether a band is as bad as another, or worse.
func (b Band) Reaches(other Band) bool {
	return slices.Index(AllBands(), b) <= slices.Index(AllBands(), other)
}

// Bands are the least scores of the bands; what is below all is low.
type Bands struct{ Severe, High, Moderate int }

// ReadBands reads the parameters severe, high and moderate, which must fall from one to
// the next.
func ReadBands(params map[string]any) (Bands, error) {
	severe, ok1 := params[string(Severe)].(int)
	high, ok2 := params[string(High)].(int)
	moderate, ok3 := params[string(Moderate)].(int)
	switch {
	case !ok1 || !ok2 || !ok3:
		return Bands{}, errors.New("the risk model needs the parameters severe, high and moderate of type integer")
	case severe <= high || high <= moderate:
		return Bands{}, fmt.Errorf("severe (%d) must be above high (%d), and high above moderate (%d)", severe, high, moderate)
	}
	return Bands{severe, high, moderate}, nil
}

// Of returns the band of a score.
func (b Bands) Of(score int) Band {
	switch {
	case score >= b.Severe:
		return Severe
	case score >= b.High:
		return High
	case score >= b.Moderate:
		return Moderate
	}
	return Low
}

// Score is the risk of a token, from 0 to MaxScore.
type Score struct {
	// Min and Max are the same where everything that counts is known.
	Min int `json:"min"`
	Max int `json:"max"`
	// Band is that of Min: what is certain. MaxBand is that of Max.
	Band    Band `json:"band"`
	MaxBand Band `json:"max_band"`
}

// Compare orders scores, the worst first: by what is certain, then by what could be.
func Compare(a, b Score) int { return cmp.Or(b.Min-a.Min, b.Max-a.Max) }

func (s Score) String() string {
	if s.Min == s.Max {
		return fmt.Sprint(s.Min)
	}
	return fmt.Sprintf("%d to %d", s.Min, s.Max)
}

// Risk is the score of a token and what it is made of.
type Risk struct {
	Score
	// Factors are sorted by their least points, falling, then by their most, then by name.
	Factors []Factor `json:"factors"`
}

// Factor is one reason for a score.
type Factor struct {
	// Name is kebab-case, such as "never-expires".
	Name string `json:"factor"`
	// Min and Max are points.
	Min int `json:"min"`
	Max int `json:"max"`
	// Reason quotes untrusted text.
	Reason string `json:"reason"`
}

// Points returns "5" or "0 to 5".
func (f Factor) Points() string { return Score{Min: f.Min, Max: f.Max}.String() }

// Sum returns the risk that factors come to. It sorts them.
func Sum(factors []Factor, bands Bands) Risk {
	slices.SortFunc(factors, func(a, b Factor) int {
		return cmp.Or(b.Min-a.Min, b.Max-a.Max, cmp.Compare(a.Name, b.Name), cmp.Compare(a.Reason, b.Reason))
	})
	r := Risk{Factors: factors}
	for _, f := range factors {
		r.Min += f.Min
		r.Max += f.Max
	}
	r.Min, r.Max = min(r.Min, MaxScore), min(r.Max, MaxScore)
	r.Band, r.MaxBand = bands.Of(r.Min), bands.Of(r.Max)
	return r
}

// Inactive is the risk of a token that opens nothing any more.
func Inactive(status string) Risk {
	return Risk{Score: Score{Band: Low, MaxBand: Low}, Factors: []Factor{{Name: "status", Reason: "no longer opens anything: it is " + status}}}
}

// Unknown is the risk of a token of which the model could say nothing.
func Unknown(bands Bands, reason string) Risk {
	return Sum([]Factor{{Name: "error", Max: MaxScore, Reason: reason}}, bands)
}

// Read reads the set of factors: those of each token by its place.
func Read(term *ast.Term, place map[string]int) (map[int][]Factor, error) {
	set, ok := term.Value.(ast.Set)
	if !ok {
		return nil, fmt.Errorf("%s is not a set", Factors)
	}
	if limit := maxFactors * (len(place) + 1); set.Len() > limit {
		return nil, fmt.Errorf("%s has %d elements; at most %d are read", Factors, set.Len(), limit)
	}
	factors := map[int][]Factor{}
	for _, item := range set.Slice() {
		token, f, err := readFactor(item)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", Factors, err)
		}
		i, ok := place[token]
		if !ok {
			return nil, fmt.Errorf("%s names token %q, which is not judged here", Factors, output.Cut(token, output.MaxKey))
		}
		factors[i] = append(factors[i], f)
	}
	return factors, nil
}

func readFactor(item *ast.Term) (token string, f Factor, err error) {
	object, ok := item.Value.(ast.Object)
	if !ok {
		return "", f, fmt.Errorf("an element is a %s, not an object", ast.ValueName(item.Value))
	}
	err = object.Iter(func(key, value *ast.Term) error {
		name, _ := key.Value.(ast.String)
		switch name {
		case "token":
			return readText(name, value, &token, output.MaxKey)
		case "factor":
			return readText(name, value, &f.Name, maxName)
		case "reason":
			return readText(name, value, &f.Reason, output.MaxMessage)
		case "min":
			return readPoints(name, value, &f.Min)
		case "max":
			return readPoints(name, value, &f.Max)
		}
		return fmt.Errorf("unknown key %s; an element has token, factor, min, max, reason", output.Cut(key.String(), 100))
	})
	switch {
	case err != nil:
	case token == "" || f.Name == "" || f.Reason == "":
		err = errors.New("an element has no token, factor or reason")
	case f.Min > f.Max:
		err = fmt.Errorf("factor %s has more points at least (%d) than at most (%d)", f.Name, f.Min, f.Max)
	}
	return token, f, err
}

func readText(name ast.String, value *ast.Term, into *string, limit int) error {
	s, ok := value.Value.(ast.String)
	if !ok {
		return fmt.Errorf("%s is a %s, not a string", name, ast.ValueName(value.Value))
	}
	*into = string(s)
	if name != "token" {
		*into = output.Cut(*into, limit)
	}
	return nil
}

func readPoints(name ast.String, value *ast.Term, into *int) error {
	n, _ := value.Value.(ast.Number)
	points, ok := n.Int()
	if !ok || points < 0 || points > MaxScore {
		return fmt.Errorf("%s is %s: expected a whole number from 0 to %d", name, output.Cut(value.String(), 100), MaxScore)
	}
	*into = points
	return nil
}
