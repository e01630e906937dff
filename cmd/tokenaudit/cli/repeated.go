package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// singleValue is the value of a flag that takes one value. pflag lets the last of
// several win; here a second is an error, for what the first asked for would be
// left out without a word: `scan -c a.yaml -c b.yaml` would audit b alone.
type singleValue struct {
	pflag.Value
	// given is what the command line has set it to; nil before it has.
	given *string
}

// repeatedError is a second value for a flag that takes one.
type repeatedError struct{ first, second string }

func (e repeatedError) Error() string {
	return fmt.Sprintf("given twice, as %q and %q; it takes one value", e.first, e.second)
}

// Set implements pflag.Value. A switch that is repeated loses nothing as long as
// it says the same.
func (v *singleValue) Set(s string) error {
	if v.given != nil && (v.Type() != "bool" || *v.given != s) {
		return repeatedError{*v.given, s}
	}
	v.given = &s
	return v.Value.Set(s)
}

// RefuseRepeats makes every flag of every command that takes one value refuse a
// second. Those that collect values are as they were.
func RefuseRepeats(root *cobra.Command) {
	visitFlags(root, func(f *pflag.Flag) {
		switch f.Value.(type) {
		case pflag.SliceValue, *singleValue:
		default:
			f.Value = &singleValue{Value: f.Value}
		}
	})
}
