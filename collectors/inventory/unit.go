package inventory

import "fmt"

// CompleteUnit is a list that was read to its end.
func CompleteUnit(name string, kinds ...Kind) Unit {
	return Unit{Name: name, Kinds: kinds, Status: UnitComplete}
}

// FailedUnit is a list of which nothing was read. detail says what happened in
// one line without secrets, hint how to close the gap.
func FailedUnit(name string, class ErrorClass, detail, hint string, kinds ...Kind) Unit {
	return gap(UnitFailed, name, class, detail, hint, kinds)
}

// PartialUnit is a list of which some was read.
func PartialUnit(name string, class ErrorClass, detail, hint string, kinds ...Kind) Unit {
	return gap(UnitPartial, name, class, detail, hint, kinds)
}

func gap(status UnitStatus, name string, class ErrorClass, detail, hint string, kinds []Kind) Unit {
	if !class.valid() {
		class = ErrInternal
	}
	if detail == "" {
		detail = fmt.Sprintf("the list %s could not be read (%s)", name, class)
	}
	return Unit{Name: name, Kinds: kinds, Status: status, Error: class, Detail: detail, Hint: hint}
}
