package html

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

const (
	// flowTokens and flowEnvironments bound the drawing.
	flowTokens       = 16
	flowOfOneRole    = 2
	flowEnvironments = 24
	flowRow          = 24.0
	flowTop          = 28.0
)

// flowColumns are where the boxes of a column begin and end, in the units of the view
// box, and how many columns of text fit in. Lines run between the boxes, so that none
// crosses a text.
var flowColumns = [3]struct {
	left, right float64
	text        int
}{{0, 300, 38}, {430, 680, 32}, {810, 1180, 48}}

// htmlFlow is the blast radius of the tokens that reach furthest: lines from
// each token to its role, and from there to the environments it opens.
type htmlFlow struct {
	Note                        string
	Height                      int
	Links                       []flowLink
	Tokens, Roles, Environments []flowNode
}

type flowNode struct {
	Class, Text, Title string
	X, Y, W, H         string
	TextX, TextY       string
	// Token is the id of a token that the page has a row for.
	Token string
	key   string
	// middle is where lines end.
	middle float64
}

type flowLink struct{ Class, Path, Width, Title string }

// newFlow draws the active tokens with the widest reach.
func newFlow(r *report.Report) htmlFlow {
	chosen := widest(r.Tokens)
	if len(chosen) == 0 {
		return htmlFlow{Note: "There is no active token."}
	}
	f := htmlFlow{Note: fmt.Sprintf("The %s that can do the most, in the most environments.", safetext.Plural(len(chosen), "active token", "active tokens"))}
	names := make(map[string]string, len(r.Sources))
	for i := range r.Sources {
		names[r.Sources[i].ID] = r.Sources[i].Name
	}
	tokens, roles, environments := newColumn(0), newColumn(1), newColumn(2)
	for _, t := range chosen {
		class := flowClass(t)
		name := cmp.Or(strings.TrimSpace(t.Name), t.ID)
		tokens.add(t.ID, name, t.ID, class)
		tokens.node(t.ID).Token = htmlText(t.ID)
		role := roleKey(t)
		roles.add(role, roleText(t), role, class)
		for _, e := range reachOf(t, names[t.Source]) {
			if len(environments.nodes) >= flowEnvironments && environments.index(e.key) < 0 {
				e = reached{key: "\x00more", text: "more environments", title: "environments that did not fit"}
			}
			environments.add(e.key, e.text, e.title, class)
		}
	}
	rows := max(len(tokens.nodes), len(roles.nodes), len(environments.nodes))
	f.Height = int(flowTop+flowRow*float64(rows)) + 6
	for _, column := range []*flowColumn{tokens, roles, environments} {
		column.layOut(rows)
	}
	f.link(chosen, names, tokens, roles, environments)
	f.Tokens, f.Roles, f.Environments = tokens.nodes, roles.nodes, environments.nodes
	return f
}

// link draws the lines, each once, whatever number of tokens share it.
func (f *htmlFlow) link(chosen []*report.Token, names map[string]string, tokens, roles, environments *flowColumn) {
	type pair struct{ from, to string }
	shared, class, order := map[pair]int{}, map[pair]string{}, []pair{}
	for _, t := range chosen {
		from := tokens.node(t.ID)
		to := roles.node(roleKey(t))
		f.Links = append(f.Links, flowLink{flowClass(t), curve(flowColumns[0].right, from.middle, flowColumns[1].left, to.middle), "6", from.Title + " → " + to.Text})
		for _, e := range reachOf(t, names[t.Source]) {
			key := e.key
			if environments.index(key) < 0 {
				key = "\x00more"
			}
			p := pair{roleKey(t), key}
			if shared[p] == 0 {
				order = append(order, p)
			}
			shared[p]++
			class[p] = cmp.Or(class[p], flowClass(t))
		}
	}
	for _, p := range order {
		from, to := roles.node(p.from), environments.node(p.to)
		f.Links = append(f.Links, flowLink{class[p], curve(flowColumns[1].right, from.middle, flowColumns[2].left, to.middle), coordinate(min(3+2*float64(shared[p]), 16)),
			fmt.Sprintf("%s → %s: %s", from.Text, to.Title, safetext.Plural(shared[p], "token", "tokens"))})
	}
}

// widest returns the active tokens that can do most, those with the most
// environments first.
func widest(tokens []report.Token) []*report.Token {
	var active []*report.Token
	for i := range tokens {
		if tokens[i].Status == input.Active {
			active = append(active, &tokens[i])
		}
	}
	slices.SortFunc(active, func(a, b *report.Token) int {
		return cmp.Or(
			slices.Index(allLevels, effectiveLevel(b))-slices.Index(allLevels, effectiveLevel(a)),
			environmentCount(b)-environmentCount(a),
			strings.Compare(a.ID, b.ID),
		)
	})
	// A few of each role say more than many of one.
	var chosen, others []*report.Token
	roles := map[string]int{}
	for _, t := range active {
		if roles[roleKey(t)]++; roles[roleKey(t)] <= flowOfOneRole {
			chosen = append(chosen, t)
		} else {
			others = append(others, t)
		}
	}
	chosen = append(chosen, others...)
	return chosen[:min(len(chosen), flowTokens)]
}

// effectiveLevel counts an unknown level as write, as the rules do.
func effectiveLevel(t *report.Token) inventory.Level {
	if t.Access.Level == inventory.LevelUnknown {
		return inventory.LevelWrite
	}
	return t.Access.Level
}

// environmentCount puts a token that opens all before one that opens many.
func environmentCount(t *report.Token) int {
	if t.Environments.State == inventory.ScopeAll {
		return t.Environments.Effective + 1_000_000
	}
	return t.Environments.Effective
}

func flowClass(t *report.Token) string {
	if t.Access.Write {
		return "write"
	}
	return ""
}

func roleKey(t *report.Token) string {
	role := ""
	if t.Role != nil {
		role = t.Role.ID
	}
	return t.Source + "\x00" + role + "\x00" + string(t.Kind) + "\x00" + string(t.Access.Level)
}

func roleText(t *report.Token) string {
	if t.Role == nil || t.Role.Name == "" {
		return string(t.Kind) + ", " + string(t.Access.Level)
	}
	return t.Role.Name + ", " + string(t.Access.Level)
}

// reached is an environment as the drawing shows it.
type reached struct{ key, text, title string }

// reachOf returns the environments a token opens: one box for all, one for unknown.
func reachOf(t *report.Token, source string) []reached {
	source = cmp.Or(strings.TrimSpace(source), t.Source)
	switch {
	case t.Environments.State == inventory.ScopeUnknown:
		return []reached{{t.Source + "\x00?", source + ": unknown", t.Source + ": " + t.Environments.Reason}}
	case t.Environments.State == inventory.ScopeAll:
		return []reached{{t.Source + "\x00*", source + ": " + allText(t.Environments), t.Source + ": all environments"}}
	case len(t.Environments.Items) == 0:
		return []reached{{t.Source + "\x00-", source, t.Source}}
	}
	list := make([]reached, 0, len(t.Environments.Items))
	for _, item := range t.Environments.Items {
		list = append(list, reached{t.Source + "\x00" + item.ID, source + ": " + cmp.Or(item.Name, item.ID), t.Source + " " + item.ID})
	}
	return list
}

// allText says how many "all" are, where that is known.
func allText(s inventory.Scope) string {
	if s.Effective == 0 {
		return "all"
	}
	return fmt.Sprintf("all (%d)", s.Effective)
}

// flowColumn is a column of nodes, each there once.
type flowColumn struct {
	nodes []flowNode
	at    map[string]int
	// place is the index in flowColumns.
	place int
}

func newColumn(place int) *flowColumn { return &flowColumn{at: map[string]int{}, place: place} }

func (c *flowColumn) add(key, text, title, class string) {
	if i := c.index(key); i >= 0 {
		c.nodes[i].Class = cmp.Or(c.nodes[i].Class, class)
		return
	}
	c.at[key] = len(c.nodes)
	c.nodes = append(c.nodes, flowNode{Class: class, Text: safetext.CutWidth(safetext.OneLine(text), flowColumns[c.place].text), Title: htmlText(strings.ReplaceAll(title, "\x00", " ")), key: key})
}

func (c *flowColumn) index(key string) int {
	if i, ok := c.at[key]; ok {
		return i
	}
	return -1
}

func (c *flowColumn) node(key string) *flowNode { return &c.nodes[c.at[key]] }

// layOut spreads the nodes over the height of so many rows.
func (c *flowColumn) layOut(rows int) {
	step := flowRow * float64(rows) / float64(len(c.nodes))
	place := flowColumns[c.place]
	for i := range c.nodes {
		n := &c.nodes[i]
		n.middle = flowTop + step*(float64(i)+0.5)
		h := min(step*0.8, 19)
		n.X, n.Y, n.W, n.H = coordinate(place.left), coordinate(n.middle-h/2), coordinate(place.right-place.left), coordinate(h)
		n.TextX, n.TextY = coordinate(place.left+10), coordinate(n.middle+4)
	}
}

// curve is a line that leaves and arrives level.
func curve(x1, y1, x2, y2 float64) string {
	half := (x1 + x2) / 2
	return fmt.Sprintf("M%s %sC%s %s %s %s %s %s", coordinate(x1), coordinate(y1), coordinate(half), coordinate(y1), coordinate(half), coordinate(y2), coordinate(x2), coordinate(y2))
}
