package inventory

import "cmp"

// Compare orders levels: negative if l is below other, zero if equal, positive
// if above. LevelUnknown, and any word that is not a level, sorts above
// LevelAdmin, because a credential that may be anything is reviewed first.
func (l Level) Compare(other Level) int { return cmp.Compare(l.rank(), other.rank()) }

// AtLeast reports whether l is known to reach least. It is false if either is
// LevelUnknown.
func (l Level) AtLeast(least Level) bool {
	return l.known() && least.known() && l.rank() >= least.rank()
}

func (l Level) known() bool { return l.rank() < rankUnknown }

const rankUnknown = 6

func (l Level) rank() int {
	switch l {
	case LevelNone:
		return 0
	case LevelRead:
		return 1
	case LevelTrigger:
		return 2
	case LevelWrite:
		return 3
	case LevelSchema:
		return 4
	case LevelAdmin:
		return 5
	default:
		return rankUnknown
	}
}

// NewAccess is what a token can do where its level was read. Write follows
// from the level. A level that is not known is not a reading: use AssumedAccess.
func NewAccess(level Level, managesTokens Ternary, grants ...string) Access {
	if !level.known() {
		return AssumedAccess("the level of access is not known", managesTokens, grants...)
	}
	return Access{
		Level:         level,
		Write:         level.AtLeast(LevelWrite),
		ManagesTokens: managesTokens,
		Grants:        sortedStrings(grants),
	}
}

// AssumedAccess is what has to be assumed of a token whose level could not be
// read, for reason: that it can write.
func AssumedAccess(reason string, managesTokens Ternary, grants ...string) Access {
	return Access{
		Level:         LevelUnknown,
		Write:         true,
		Assumed:       true,
		Reason:        reason,
		ManagesTokens: managesTokens,
		Grants:        sortedStrings(grants),
	}
}
