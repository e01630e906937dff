package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// roomyPercent lets the heap grow to five times what lives in it. Judging
	// makes much garbage, and collecting it takes a quarter of the time with Go's
	// default.
	roomyPercent = 400
	// roomyLimit is how much memory a run may take for that, in bytes.
	roomyLimit = 320 << 20
	// leastRoom is what a large run has above what lives, in bytes.
	leastRoom = 192 << 20
)

// paceCollector has the garbage collector run seldom as long as a run is small,
// and often enough to stay near what is needed once it is large. Who sets GOGC or
// GOMEMLIMIT knows better.
func paceCollector() {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		if _, set := os.LookupEnv(name); set {
			return
		}
	}
	debug.SetGCPercent(roomyPercent)
	debug.SetMemoryLimit(roomyLimit)
	afterCollection(raiseLimit)
}

// raiseLimit keeps the limit above what lives.
func raiseLimit() {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() == metrics.KindUint64 {
		debug.SetMemoryLimit(limitFor(int64(sample[0].Value.Uint64())))
	}
}

// limitFor leaves room above what lives, in bytes. Without any the collector would
// run all the time; with much more, what was allocated while it ran, which counts
// as living, would drive the limit up.
func limitFor(live int64) int64 { return max(roomyLimit, live+max(leastRoom, live/4)) }

// afterCollection calls f after each garbage collection, on a goroutine of the runtime.
func afterCollection(f func()) {
	// Nothing refers to it, so each collection takes the one of the last. It has a
	// pointer, because the runtime packs small values without one together.
	runtime.AddCleanup(new(*int), func(struct{}) {
		f()
		afterCollection(f)
	}, struct{}{})
}
