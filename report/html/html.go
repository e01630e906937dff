// Package html renders a report as one self-contained page.
package html

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/trend"
)

var (
	//go:embed page.html
	htmlPageText string
	//go:embed style.css
	htmlStyle string
	//go:embed script.js
	htmlScript string
)

// htmlTemplate is parsed once a process, on first use.
var htmlTemplate = sync.OnceValues(func() (*template.Template, error) {
	return template.New("page").Parse(htmlPageText)
})

// Format is one self-contained page.
func Format() format.Format {
	return format.Format{
		Name: "html", Help: "one self-contained page, to browse", UsesTokens: true, UsesEvidence: true, UsesTrend: true,
		Write: renderHTML,
	}
}

// renderHTML writes one page that needs nothing else: no network, no other
// file. Charts are drawn here, as SVG; the two tables are filled from a block of
// JSON by a script. The Content-Security-Policy allows this style and this
// script, by their hashes, and nothing else.
func renderHTML(w io.Writer, r *report.Report, o format.Options) error {
	page, err := htmlTemplate()
	if err != nil {
		return fmt.Errorf("parse the page: %w", err)
	}
	developed, style, err := trendOf(r, o)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	policy := "default-src 'none'; style-src '" + sourceHash(style) + "'; script-src '" + sourceHash(htmlScript) + "'; base-uri 'none'; form-action 'none'"
	if _, err := fmt.Fprintf(out, `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="%s">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>API token audit</title>
<style>%s</style>
</head>
<body>
`, policy, style); err != nil {
		return err
	}
	v := format.NewView(r)
	if err := page.Execute(out, newHTMLPage(v, o, developed)); err != nil {
		return err
	}
	if _, err := io.WriteString(out, `<script type="application/json" id="data">`); err != nil {
		return err
	}
	if err := writeHTMLData(out, v, o.GroupBy); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "</script>\n<script>%s</script>\n</body>\n</html>\n", htmlScript); err != nil {
		return err
	}
	return out.Flush()
}

// trendOf returns the section that shows how things have developed, empty where there is no
// store, and the style of a page with it.
func trendOf(r *report.Report, o format.Options) (section template.HTML, style string, err error) {
	if o.Trend == nil {
		return "", htmlStyle, nil
	}
	var teams []string
	if r.Scope != nil {
		teams = r.Scope.Owners
	}
	var text strings.Builder
	if err := o.Trend(teams).WriteSection(&text); err != nil {
		return "", "", err
	}
	return template.HTML(text.String()), htmlStyle + trend.Style(), nil //nolint:gosec // the template of the section has escaped what it quotes
}

// sourceHash names an inline style or script in a Content-Security-Policy.
func sourceHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
