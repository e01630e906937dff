// Package cli has what the command line of every command has in common: errors with
// exit codes, arguments by name, flags that refuse a second value, lists, and the help.
package cli

import (
	"errors"

	"github.com/tokenaudit/tokenaudit/report"
)

// exitCoder is an error that knows the exit code it stands for.
type exitCoder interface{ ExitCode() int }

// usageError is a wrong use of the command line.
type usageError struct{ error }

// Misuse makes an error one of the use of the command line.
func Misuse(err error) error { return usageError{err} }

func (usageError) ExitCode() int { return report.ExitError }

func (e usageError) Unwrap() error { return e.error }

// VerdictError ends a run that worked as it should with a code other than 0.
// Its text has been shown already.
type VerdictError struct{ Code int }

func (VerdictError) Error() string { return "the gate did not pass" }

// ExitCode is 1 for findings, 3 for an incomplete measurement.
func (e VerdictError) ExitCode() int { return e.Code }

// ExitCode returns the code for the outcome of a command; an error that does not
// know better is 2.
func ExitCode(err error) int {
	if err == nil {
		return report.ExitClean
	}
	var coder exitCoder
	if errors.As(err, &coder) {
		return coder.ExitCode()
	}
	return report.ExitError
}
