package table

import (
	"slices"

	"github.com/clipperhouse/displaywidth"
)

// least is the width below which a column is not cut any further.
func (c column) least() int {
	if c.prose {
		return leastProse
	}
	return leastColumn
}

// tooNarrow tells a column that cannot be read at a width.
func (c column) tooNarrow(rows [][]string, column, width int) bool {
	switch {
	case c.whole:
		return false
	case !c.prose:
		return width == leastColumn
	}
	return width < leastProse && widest(rows, column) > width
}

// layOut finds the widths of the columns. Ids for which there is no room go below
// their rows, each at the place of its column, and optional columns are dropped,
// the last first.
func layOut(columns []column, rows [][]string, width int) (shown []column, cells [][]string, widths []int, below [][]string) {
	below = make([][]string, len(rows))
	places := make([]int, len(columns))
	for i := range places {
		places[i] = i
	}
	for {
		total := max(0, width-columnGap*len(columns))
		widths := fitColumns(columns, rows, total)
		leave, stays := slices.IndexFunc(columns, func(c column) bool { return c.below }), true
		if leave < 0 && width > 0 {
			leave, stays = leaving(columns, rows, widths, total)
		}
		if leave < 0 {
			return columns, rows, widths, below
		}
		for i, row := range rows {
			if stays {
				if below[i] == nil {
					below[i] = make([]string, len(columns))
				}
				below[i][places[leave]] = row[leave]
			}
			rows[i] = slices.Delete(row, leave, leave+1)
		}
		columns, places = slices.Delete(slices.Clone(columns), leave, leave+1), slices.Delete(places, leave, leave+1)
	}
}

// leaving is the column for which there is no room, and whether it is one of ids;
// -1 for none. Of ids the longest leaves first.
func leaving(columns []column, rows [][]string, widths []int, total int) (leave int, isID bool) {
	optional, id, longest, sum, tight := -1, -1, 0, 0, false
	for i, c := range columns {
		if n := widest(rows, i); c.id && len(columns) > 1 && n > widths[i] && n > longest {
			id, longest = i, n
		}
		sum += widths[i]
		if c.optional {
			optional = i
		}
		tight = tight || c.tooNarrow(rows, i, widths[i])
	}
	switch {
	case id >= 0:
		return id, true
	case sum <= total && !tight:
		return -1, false
	}
	return optional, false
}

// widest is the width of the widest cell of a column.
func widest(rows [][]string, column int) int {
	most := 0
	for _, row := range rows {
		most = max(most, displaywidth.String(row[column]))
	}
	return most
}

const (
	// leastColumn is the least width of a column of words.
	leastColumn = 10
	// leastProse is the least width in which a sentence can be read.
	leastProse = 20
	// mostProse bounds what one hostile name can fill the terminal with.
	mostProse = 800
)

// fitColumns shares the width out: every column gets what it needs, and the
// widest give first where that is too much.
func fitColumns(columns []column, rows [][]string, total int) []int {
	if total <= 0 || len(columns) == 1 && columns[0].id {
		return wholeColumns(columns, rows)
	}
	widths, least := make([]int, len(columns)), make([]int, len(columns))
	sum := 0
	for i, c := range columns {
		least[i] = c.least()
		widths[i] = min(max(displaywidth.String(c.title), widest(rows, i)), total)
		sum += widths[i]
	}
	// On a terminal that has no room even for the least, all are cut alike.
	for _, floor := range [][]int{least, slices.Repeat([]int{leastColumn}, len(columns))} {
		sum = narrow(columns, widths, floor, sum, total)
	}
	return widths
}

// wholeColumns returns every column what its longest cell needs, within bounds that
// no ordinary name or id comes to.
func wholeColumns(columns []column, rows [][]string) []int {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = max(displaywidth.String(c.title), widest(rows, i))
		bound := wordWidth
		switch {
		case c.prose:
			bound = proseWidth
		case c.id, c.whole:
			bound = idWidth
		}
		widths[i] = min(widths[i], bound)
	}
	return widths
}

// narrow takes from the widest column until the sum fits the total, or nothing is
// left to take, and returns the sum.
func narrow(columns []column, widths, least []int, sum, total int) int {
	for ; sum > total; sum-- {
		widest := -1
		for i, w := range widths {
			if !columns[i].whole && w > least[i] && (widest < 0 || w > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	return sum
}
