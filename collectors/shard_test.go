package collectors

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

func TestParseShard(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Shard{"1/1": {1, 1}, "3/16": {3, 16}, "16/16": {16, 16}} {
		if got, err := ParseShard(text); err != nil || got != want || got.String() != text {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "3", "0/16", "17/16", "a/b", "1/0", "-1/2", "1/2/3", "1/99999999999999999999", "1/10001"} {
		if got, err := ParseShard(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

// The hash is part of the contract between machines: it must never change.
func TestShardOwnershipIsFrozen(t *testing.T) {
	t.Parallel()
	for domain, index := range map[string]int{"": 5, "contentful/api.contentful.com": 8, "datocms/projects/77": 3} {
		for i := 1; i <= 16; i++ {
			if owns := (Shard{i, 16}).Owns(domain); owns != (i == index) {
				t.Errorf("shard %d/16 owns %q: %v", i, domain, owns)
			}
		}
	}
}

func TestShardsTakeWholeDomainsAndTogetherEverything(t *testing.T) {
	t.Parallel()
	p := paperDomains{paper{
		discover: func(ctx context.Context) ([]inventory.Source, error) {
			var ids []string
			for i := range 100 {
				ids = append(ids, fmt.Sprintf("paper/o%d/s%d", i%20, i))
			}
			return found(ids...)(ctx)
		},
		domain: func(s inventory.Source) string { return strings.Join(strings.Split(s.ID, "/")[:2], "/") },
	}}
	owner := map[string]int{}
	total := 0
	for i := 1; i <= 4; i++ {
		got, _ := gather(t.Context(), t, Options{
			Registry: registryOf(t, definitionOf(t, "paper", map[int]Collector{1: p})), Entries: []Entry{entry("paper", 1)}, Shard: Shard{i, 4}})
		for _, s := range got {
			if o, ok := owner[p.domain(s)]; ok && o != i {
				t.Errorf("%s is read by the shards %d and %d", p.domain(s), o, i)
			}
			owner[p.domain(s)] = i
			total++
		}
	}
	if total != 100 {
		t.Errorf("the shards read %d of 100 sources", total)
	}
}

func TestAShardSendsNothingForAnEntryOfAnother(t *testing.T) {
	t.Parallel()
	discovered := 0
	e := paperEntry{paper{discover: func(ctx context.Context) ([]inventory.Source, error) {
		discovered++
		return found("paper/a")(ctx)
	}}, "datocms/projects/77"}
	for i := 1; i <= 16; i++ {
		gather(t.Context(), t, Options{Registry: registryOf(t, definitionOf(t, "paper", map[int]Collector{1: e})), Entries: []Entry{entry("paper", 1)}, Shard: Shard{i, 16}})
	}
	if discovered != 1 {
		t.Errorf("%d shards of 16 searched the entry", discovered)
	}
}

func TestShardOfAnEnvironmentVariable(t *testing.T) {
	t.Parallel()
	environ := map[string]string{"JOB_COMPLETION_INDEX": "2", "LAST": "15", "PAST": "16", "WORD": "two", "NEGATIVE": "-1"}
	lookup := func(name string) (string, bool) { v, ok := environ[name]; return v, ok }
	for text, want := range map[string]Shard{
		"3/16": {Index: 3, Count: 16}, "JOB_COMPLETION_INDEX/16": {Index: 3, Count: 16}, "LAST/16": {Index: 16, Count: 16},
	} {
		if got, err := ShardOf(text, lookup); err != nil || got != want {
			t.Errorf("%s gave %v and %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"PAST/16", "WORD/16", "NEGATIVE/16", "ABSENT/16", "LAST", "LAST/x", "0/16", "/16"} {
		if got, err := ShardOf(text, lookup); err == nil {
			t.Errorf("%s gave %v", text, got)
		}
	}
}
