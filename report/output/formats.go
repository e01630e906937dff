package output

import (
	"fmt"
	"io"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/suggest"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/csv"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/gitlab"
	"github.com/tokenaudit/tokenaudit/report/html"
	"github.com/tokenaudit/tokenaudit/report/junit"
	"github.com/tokenaudit/tokenaudit/report/markdown"
	"github.com/tokenaudit/tokenaudit/report/message"
	"github.com/tokenaudit/tokenaudit/report/oscal"
	"github.com/tokenaudit/tokenaudit/report/prometheus"
	"github.com/tokenaudit/tokenaudit/report/sarif"
	"github.com/tokenaudit/tokenaudit/report/table"
)

// Formats returns every format, in the order in which help lists them.
func Formats() []format.Format {
	return []format.Format{
		table.Format(), table.TSV(), jsonFormat(), sarif.Format(), markdown.Format(), html.Format(), junit.Format(),
		csv.Format(), csv.InventoryFormat(), prometheus.Format(), gitlab.Format(), oscal.Format(),
		message.Slack(), message.Teams(), message.Jira(), message.Webhook(),
	}
}

// jsonFormat is the interchange format.
func jsonFormat() format.Format {
	return format.Format{
		Name: "json", Help: "the whole report; the baseline of the next run", Whole: true, UsesTokens: true, UsesEvidence: true,
		Write: func(w io.Writer, r *report.Report, _ format.Options) error { return r.WriteJSON(w) },
	}
}

// FormatNames returns the names of all formats.
func FormatNames() []string {
	formats := Formats()
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.Name
	}
	return names
}

// Lookup finds a format by its name. The error names the nearest one.
func Lookup(name string) (format.Format, error) {
	formats := Formats()
	for _, f := range formats {
		if f.Name == name {
			return f, nil
		}
	}
	names := FormatNames()
	err := fmt.Errorf("unknown format %q: one of %s", name, strings.Join(names, ", "))
	if near := suggest.Nearest(name, names); near != "" {
		err = fmt.Errorf("unknown format %q: did you mean %q? (one of %s)", name, near, strings.Join(names, ", "))
	}
	return format.Format{}, err
}
