package main

import (
	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/decisions"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/history"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/leaks"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/ownercheck"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/verify"
)

// commands returns all commands. Help lists them by name.
func commands(p *program.Program) []*cobra.Command {
	return []*cobra.Command{
		newScan(p, runScan),
		newCollect(p, runCollect),
		leaks.New(p, leaks.Run),
		newEvaluate(p, runEvaluate),
		newDrift(p, runDrift),
		newManifest(p),
		newDemo(p, runDemo),
		newMerge(p, runMerge),
		newGate(p, runGate),
		newConvert(p, runConvert),
		newDiff(p, runDiff),
		newExplain(p, runExplain),
		newShow(p, runShow),
		newRules(p),
		newWaivers(p),
		newReviews(p),
		history.New(p),
		history.NewStore(p),
		decisions.NewGaps(p),
		ownercheck.New(p, ownercheck.Run),
		verify.New(p, verify.Run),
		verify.NewSeal(p, verify.RunSeal),
		verify.NewKeygen(p),
		newInit(p, runInit),
		newDoctor(p, runDoctor),
		newSchema(p, runSchema),
		newVersion(p),
		newCompletion(p),
	}
}
