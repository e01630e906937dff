package report

import (
	"slices"
	"testing"

	"github.com/tokenaudit/tokenaudit/policies"
)

func TestAFailIsNotHiddenByAWaivedVerdict(t *testing.T) {
	for _, order := range [][]policies.Status{{policies.Fail, policies.Waived}, {policies.Waived, policies.Fail}} {
		token := Token{Verdicts: map[string]policies.Status{}}
		for _, status := range order {
			token.note(policies.Verdict{Rule: "r", Status: status})
		}
		if token.Verdicts["r"] != policies.Fail {
			t.Errorf("%v gives %s", order, token.Verdicts["r"])
		}
	}
}

func TestSampledKeepsTheFirst(t *testing.T) {
	var sample []string
	for _, id := range []string{"d", "a", "c", "b", "e"} {
		sample = sampled(sample, id)
	}
	if !slices.Equal(sample, []string{"a", "b", "c"}) {
		t.Errorf("sample %q", sample)
	}
}
