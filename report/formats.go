package report

import (
	"fmt"
	"io"
	"strings"
)

// Formats returns every format, in the order in which help lists them.
func Formats() []Format {
	return []Format{
		tableFormat(), jsonFormat(), sarifFormat(), markdownFormat(), htmlFormat(), junitFormat(),
		csvFormat(), csvInventoryFormat(), prometheusFormat(), gitlabFormat(),
	}
}

// jsonFormat is the interchange format.
func jsonFormat() Format {
	return Format{
		Name: "json", Help: "the whole report; the baseline of the next run", Whole: true, UsesTokens: true, UsesEvidence: true,
		Write: func(w io.Writer, r *Report, _ RenderOptions) error { return r.WriteJSON(w) },
	}
}

// FormatNames gives the names of all formats.
func FormatNames() []string {
	formats := Formats()
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.Name
	}
	return names
}

// Lookup finds a format by its name. The error names the nearest one.
func Lookup(name string) (Format, error) {
	formats := Formats()
	for _, f := range formats {
		if f.Name == name {
			return f, nil
		}
	}
	names := FormatNames()
	err := fmt.Errorf("unknown format %q: one of %s", name, strings.Join(names, ", "))
	if near := nearest(name, names); near != "" {
		err = fmt.Errorf("unknown format %q: did you mean %q? (one of %s)", name, near, strings.Join(names, ", "))
	}
	return Format{}, err
}
