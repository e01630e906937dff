package main

import "testing"

func TestLimitFor(t *testing.T) {
	for live, want := range map[int64]int64{0: 320 << 20, 128 << 20: 320 << 20, 400 << 20: 592 << 20, 4 << 30: 5 << 30} {
		if got := limitFor(live); got != want {
			t.Errorf("with %d MiB that live, the limit is %d MiB, want %d", live>>20, got>>20, want>>20)
		}
	}
}
