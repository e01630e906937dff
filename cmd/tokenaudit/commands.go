package main

import "github.com/spf13/cobra"

// commands returns all commands. Help lists them by name.
func commands(a *app) []*cobra.Command {
	return []*cobra.Command{
		newScan(a.scan),
		newCollect(a.collect),
		newEvaluate(a.evaluate),
		newDrift(a.drift),
		newDemo(a.demo),
		newMerge(a.merge),
		newGate(a.gateSaved),
		newConvert(a.convert),
		newDiff(a.diff),
		newExplain(a.explain),
		newRules(a),
		newWaivers(a.checkWaivers),
		newInit(a.init),
		newDoctor(a.doctor),
		newSchema(a.schema),
		newVersion(a),
		newCompletion(a),
	}
}
