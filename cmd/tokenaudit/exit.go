package main

import (
	"errors"

	"github.com/tokenaudit/tokenaudit/report"
)

// exitCoder is an error that knows the exit code it stands for.
type exitCoder interface{ ExitCode() int }

// usageError is a wrong use of the command line.
type usageError struct{ error }

func (usageError) ExitCode() int { return report.ExitError }

func (e usageError) Unwrap() error { return e.error }

// verdictError ends a run that worked as it should with a code other than 0.
// Its text has been shown already.
type verdictError struct{ code int }

func (verdictError) Error() string { return "the gate did not pass" }

// ExitCode is 1 for findings, 3 for an incomplete measurement.
func (e verdictError) ExitCode() int { return e.code }

// exitCode gives the code for the outcome of a command; an error that does not
// know better is 2.
func exitCode(err error) int {
	if err == nil {
		return report.ExitClean
	}
	var coder exitCoder
	if errors.As(err, &coder) {
		return coder.ExitCode()
	}
	return report.ExitError
}
