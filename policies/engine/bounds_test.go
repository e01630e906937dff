package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
)

// wordFor is what a CMS that reports last use in words, as DatoCMS does, says on
// a day about a use that many days ago: the first word that fits.
func wordFor(today time.Time, days int) string {
	day := today.AddDate(0, 0, -days)
	monday := today.AddDate(0, 0, -(int(today.Weekday())+6)%7)
	month := time.Date(today.Year(), today.Month(), 1, 0, 0, 0, 0, time.UTC)
	switch {
	case days == 0:
		return "today"
	case days == 1:
		return "yesterday"
	case !day.Before(monday):
		return "this_week"
	case !day.Before(monday.AddDate(0, 0, -7)):
		return "last_week"
	case !day.Before(month):
		return "this_month"
	case !day.Before(month.AddDate(0, -1, 0)):
		return "last_month"
	}
	return "never"
}

// The oracle knows all days since the last use that a word can stand for. At
// every date of a year and for every word and threshold, unused-token fails if
// all of them are idle, passes if none is, and is unknown otherwise; where there
// is not a record, the parameter decides.
func TestUnusedTokenBoundsAgainstOracle(t *testing.T) {
	if testing.Short() {
		t.Skip("many worlds, one after the other: nothing for the race detector")
	}
	verdicts := map[policies.Status]int{}
	for _, threshold := range []int{1, 30, 60, 90} {
		for _, noRecord := range []string{"fail", "unknown"} {
			e := load(t, LoadOptions{Only: []string{"unused-token"}, Settings: settings("unused-token", policies.RuleSettings{
				Params: map[string]any{"max_idle_days": threshold, "no_record": noRecord},
			})})
			againstOracle(t, e, verdicts, wordToken, func(word string, days []int) policies.Status { return oracle(word, days, threshold, noRecord) })
		}
	}
	for _, status := range []policies.Status{policies.Fail, policies.Pass, policies.NotEvaluated} {
		if verdicts[status] < 1000 {
			t.Errorf("the oracle said %s only %d times", status, verdicts[status])
		}
	}
}

// againstOracle judges, at every date of a year, one token for each word that the
// CMS can say, compares what the only rule of the engine says with what is wanted
// of it, and counts that. days are those since the last use that the word can mean.
func againstOracle(t *testing.T, e *Engine, verdicts map[policies.Status]int,
	token func(date time.Time, word string, days []int) inventory.Token, wanted func(word string, days []int) policies.Status,
) {
	t.Helper()
	for date := time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC); date.Year() == 2028; date = date.AddDate(0, 0, 1) {
		words := map[string][]int{}
		for days := range 400 {
			word := wordFor(date, days)
			words[word] = append(words[word], days)
		}
		source := aSource()
		for word, days := range words {
			source.Tokens = append(source.Tokens, token(date, word, days))
		}
		result, err := e.Evaluate(t.Context(), source, date)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]policies.Status{}
		for _, v := range result.Verdicts {
			got[v.Token] = v.Status
		}
		for word, days := range words {
			want := wanted(word, days)
			status, told := got[word]
			if !told {
				status = policies.Pass
			}
			if status != want {
				t.Errorf("%s, %q is %d to %d days, %v: got %s, want %s",
					date.Format(time.DateOnly), word, days[0], days[len(days)-1], e.Rules()[0].Values, status, want)
			}
			verdicts[want]++
		}
	}
}

// wordToken is a token of which the CMS says a word that can mean these days. It
// is older than all of them, as an earlier inventory proves.
func wordToken(date time.Time, word string, days []int) inventory.Token {
	latest, earliest := date.AddDate(0, 0, -days[0]), date.AddDate(0, 0, -days[len(days)-1])
	return aToken(word, neverExpires, createdUnknown, func(token *inventory.Token) {
		token.FirstSeen = &inventory.FirstSeen{At: date.AddDate(0, 0, -400)}
		if word == "never" {
			token.LastUsed = inventory.NoUseOnRecord(latest)
			return
		}
		token.LastUsed = inventory.UsedBetween(earliest, latest)
	})
}

func oracle(word string, days []int, threshold int, noRecord string) policies.Status {
	idle, used := 0, 0
	for _, d := range days {
		if d >= threshold {
			idle++
		} else {
			used++
		}
	}
	switch {
	case used == 0:
		return policies.Fail
	case idle == 0:
		return policies.Pass
	case word == "never" && noRecord == "fail":
		return policies.Fail
	}
	return policies.NotEvaluated
}

// The same for person-token-as-service, whose owner was away for twice the threshold: it
// fails if all days that a word can stand for are in the later half, passes if none is, and
// is unknown otherwise.
func TestPersonTokenBoundsAgainstOracle(t *testing.T) {
	if testing.Short() {
		t.Skip("many worlds, one after the other: nothing for the race detector")
	}
	verdicts := map[policies.Status]int{}
	for _, threshold := range []int{1, 7, 30, 60} {
		e := load(t, LoadOptions{Only: []string{"person-token-as-service"}, Settings: settings("person-token-as-service", policies.RuleSettings{
			Params: map[string]any{"owner_idle_days": threshold},
		})})
		personToken := func(date time.Time, word string, days []int) inventory.Token {
			token := wordToken(date, word, days)
			person(inventory.OwnerActive, 0)(&token)
			token.Owner.LastActive = at(date.AddDate(0, 0, -2*threshold))
			return token
		}
		againstOracle(t, e, verdicts, personToken, func(word string, days []int) policies.Status { return usedByAnother(word, days, threshold+1) })
	}
	for _, status := range []policies.Status{policies.Fail, policies.Pass, policies.NotEvaluated} {
		if verdicts[status] < 300 {
			t.Errorf("the oracle said %s only %d times", status, verdicts[status])
		}
	}
}

func usedByAnother(word string, days []int, threshold int) policies.Status {
	recent, old := days[0] < threshold, days[len(days)-1] >= threshold
	switch {
	case !recent:
		return policies.Pass
	case old || word == "never":
		return policies.NotEvaluated
	}
	return policies.Fail
}

// What wordFor says agrees with the table of the CMS's documentation.
func TestWordForExamples(t *testing.T) {
	for _, tt := range []struct {
		date, word string
		low, high  int
	}{
		{"2026-11-25", "this_week", 2, 2}, {"2026-11-25", "last_week", 3, 9}, {"2026-11-25", "this_month", 10, 24}, {"2026-11-25", "last_month", 25, 55},
		{"2026-03-01", "this_week", 2, 6}, {"2026-03-01", "last_month", 14, 28},
		{"2026-11-22", "last_week", 7, 13}, {"2026-11-22", "last_month", 22, 52},
	} {
		date, err := time.Parse(time.DateOnly, tt.date)
		if err != nil {
			t.Fatal(err)
		}
		var days []int
		for d := range 100 {
			if wordFor(date, d) == tt.word {
				days = append(days, d)
			}
		}
		if got := fmt.Sprint(days[0], days[len(days)-1]); got != fmt.Sprint(tt.low, tt.high) {
			t.Errorf("%s on %s is %s, want %d %d", tt.word, tt.date, got, tt.low, tt.high)
		}
	}
}
