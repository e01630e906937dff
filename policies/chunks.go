package policies

import (
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// chunkTokens is how many tokens a rule about tokens judges in one query.
// Between 100 and 1,000 a token costs the same; more costs more again.
const chunkTokens = 1000

// chunks splits the indexes of tokens for the rules about tokens. A preview
// token stays with the delivery token that it is the twin of, because rules
// compare the two; so a chunk may be slightly longer than size.
func chunks(tokens []inventory.Token, size int) [][]int {
	if len(tokens) <= size {
		return [][]int{indexes(len(tokens))}
	}
	place := make(map[string]int, len(tokens))
	for i := range tokens {
		place[tokens[i].ID] = i
	}
	twins := map[int][]int{}
	isTwin := make([]bool, len(tokens))
	for i := range tokens {
		if main, ok := place[tokens[i].Twin]; ok && tokens[i].Twin != "" && main != i && tokens[main].Twin == "" {
			twins[main] = append(twins[main], i)
			isTwin[i] = true
		}
	}
	var all [][]int
	var current []int
	for i := range tokens {
		if isTwin[i] {
			continue
		}
		current = append(append(current, i), twins[i]...)
		if len(current) >= size {
			all = append(all, current)
			current = nil
		}
	}
	if len(current) > 0 {
		all = append(all, current)
	}
	return slices.Clip(all)
}

func indexes(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}
