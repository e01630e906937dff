package owners

import "github.com/tokenaudit/tokenaudit/collectors/inventory"

// Check finds out which tokens no team answers for, and which patterns match nothing. The
// zero Check has no patterns.
type Check struct {
	Patterns Patterns
	// Uses runs parallel to Patterns once a source was added; nil before.
	Uses []Use
	// Unassigned are the tokens that no team answers for, in the order they were added.
	Unassigned []UnassignedToken
}

// Use is what a pattern does.
type Use struct {
	// Matches counts the tokens that it matches, and Decides those of which no later
	// pattern does.
	Matches, Decides int
	// MayMatch counts the tokens that it would match if their owner is the one it asks
	// for, who is unknown.
	MayMatch int
	// Sources counts the sources that it matches by themselves.
	Sources int
}

// UnassignedToken is a token that no team answers for.
type UnassignedToken struct {
	Token inventory.Token
	// Unknown says why a team may answer for it; empty where none does.
	Unknown string
}

// Add takes a source with its tokens into account.
func (c *Check) Add(source *inventory.Source) {
	if c.Uses == nil {
		c.Uses = make([]Use, len(c.Patterns))
	}
	for i := range c.Patterns {
		if c.Patterns[i].Matches(source, nil) {
			c.Uses[i].Sources++
		}
	}
	for i := range source.Tokens {
		c.add(source, &source.Tokens[i])
	}
}

func (c *Check) add(source *inventory.Source, token *inventory.Token) {
	for i := range c.Patterns {
		switch p := &c.Patterns[i]; {
		case p.Matches(source, token):
			c.Uses[i].Matches++
		case p.mayMatch(source, token):
			c.Uses[i].MayMatch++
		}
	}
	if i := c.Patterns.Match(source, token); i >= 0 {
		c.Uses[i].Decides++
		return
	}
	c.Unassigned = append(c.Unassigned, UnassignedToken{*token, c.Patterns.Unknown(source, token)})
}
