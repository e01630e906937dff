package ruleresult

import (
	"encoding/xml"
	"fmt"
	"io"

	"github.com/tokenaudit/tokenaudit/policies/ruletest"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// The elements of JUnit XML, as the CI systems read it.
type (
	junitSuite struct {
		XMLName  xml.Name    `xml:"testsuite"`
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		File    string        `xml:"file,attr,omitempty"`
		Seconds string        `xml:"time,attr,omitempty"`
		Failure *junitMessage `xml:"failure"`
		Error   *junitMessage `xml:"error"`
		Skipped *struct{}     `xml:"skipped"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
	}
)

// WriteJUnit writes one test case a test, and one a broken convention.
func WriteJUnit(w io.Writer, r *ruletest.Report) error {
	suite := junitSuite{Name: "tokenaudit rules", Tests: len(r.Tests) + len(r.Broken)}
	for _, t := range r.Tests {
		c := junitCase{Class: t.Package, Name: t.Name, File: t.File, Seconds: fmt.Sprintf("%.6f", t.Duration.Seconds())}
		switch t.Status {
		case ruletest.Failed:
			suite.Failures++
			c.Failure = &junitMessage{safetext.OneLine(t.Detail)}
		case ruletest.Errored:
			suite.Errors++
			c.Error = &junitMessage{safetext.OneLine(t.Detail)}
		case ruletest.Skipped:
			suite.Skipped++
			c.Skipped = &struct{}{}
		}
		suite.Cases = append(suite.Cases, c)
	}
	for _, e := range r.Broken {
		suite.Failures++
		suite.Cases = append(suite.Cases, junitCase{Class: "conventions", Name: e.File, File: e.File, Failure: &junitMessage{safetext.OneLine(e.Error())}})
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(suite); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
