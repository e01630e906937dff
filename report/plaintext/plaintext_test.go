package plaintext_test

import (
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/report/plaintext"
)

func TestRender(t *testing.T) {
	const page = `# A title

A paragraph with ` + "`code*s*`" + `, **strong** words, *weak* ones, a [link](https://example.com/a) and
[another](README.md).

## A heading

* An item that is long enough to be wrapped
  at forty columns.
* Two

1. First:

       indented code stays

   and goes on.

` + "```sh\nfenced  code\n```" + `

| Name | Default | Meaning |
|---|---|---|
| ` + "`limit`" + ` | ` + "`a \\| b`" + ` | How many. |

\x1b[31m ::error:: the end
`
	const want = `A title

A paragraph with code*s*, strong words,
weak ones, a link (https://example.com/a)
and another.

A HEADING

* An item that is long enough to be
  wrapped at forty columns.
* Two

1. First:

       indented code stays

   and goes on.

    fenced  code

limit
  Default: a | b
  Meaning: How many.

\x1b[31m \x3a:error:: the end
`
	if got := plaintext.Render(strings.Replace(page, `\x1b`, "\x1b", 1), 41); got != want {
		t.Errorf("got\n%s", got)
	}
}
