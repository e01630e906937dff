// Package sarif renders a report as SARIF 2.1.0 for code scanning.
package sarif

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// The limits of GitHub code scanning and of GitLab, the smaller of the two. A
// file above one of them is refused whole, or loses results without a word.
const (
	sarifMaxRuns    = 20
	sarifMaxResults = 5_000 // a run
	sarifMaxText    = 1_024 // characters of a description or a message
	sarifMaxName    = 255   // characters of a rule's name
	sarifMaxTags    = 10    // a rule: 20 at GitHub, 10 at GitLab
	sarifMaxNotes   = 1_000 // notifications a run; our own limit
	sarifMaxBytes   = 10_000_000
)

const (
	sarifSchema = "https://json.schemastore.org/sarif-2.1.0.json"
	projectURL  = "https://github.com/tokenaudit/tokenaudit"
)

// Format is SARIF 2.1.0.
func Format() format.Format {
	return format.Format{
		Name: "sarif", Help: "for GitHub and GitLab code scanning",
		Write: renderSARIF,
	}
}

// renderSARIF writes SARIF 2.1.0 for code scanning: one run and one category
// for each CMS, because a second upload of a category replaces the first.
func renderSARIF(w io.Writer, r *report.Report, o format.Options) error {
	return writeSARIF(w, r, o, sarifMaxBytes)
}

// writeSARIF keeps the file smaller than maxBytes: without indentation if that
// is enough, else by leaving results out. GitHub counts bytes zipped, GitLab as
// they are, which is more.
func writeSARIF(w io.Writer, r *report.Report, o format.Options, maxBytes int) error {
	s, err := newSARIF(r, o, sarifMaxResults)
	if err != nil {
		return err
	}
	indent := " "
	for {
		log := s.log()
		var size byteCount
		if err := encodeSARIF(&size, log, indent); err != nil {
			return err
		}
		if int(size) >= maxBytes && indent != "" {
			indent = ""
			continue
		}
		largest := 0
		for i := range log.Runs {
			largest = max(largest, len(log.Runs[i].Results))
		}
		if int(size) < maxBytes || largest == 0 {
			return encodeSARIF(w, log, indent)
		}
		// In proportion, and a little less, so that a few rounds do.
		s.limit = min(largest*9/10, int(int64(largest)*int64(maxBytes)/int64(size)))
	}
}

func encodeSARIF(w io.Writer, log sarifLog, indent string) error {
	out := bufio.NewWriterSize(w, 1<<16)
	encoder := json.NewEncoder(safetext.NewJSONWriter(out))
	encoder.SetIndent("", indent)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(log); err != nil {
		return err
	}
	return out.Flush()
}

// byteCount counts what is written.
type byteCount int

func (c *byteCount) Write(b []byte) (int, error) {
	*c += byteCount(len(b))
	return len(b), nil
}

// sarif renders one report.
type sarif struct {
	r *report.Report
	o format.Options
	// limit is how many results a run may have.
	limit     int
	rules     []sarifDescriptor
	ruleIndex map[string]int
	// taxonomyKeys are the names, in a rule's controls, of the taxonomies.
	taxonomies   []sarifComponent
	taxonomyKeys []string
	unread       []report.UnreadUnit
	// cmsOf and labelsOf map the id of a source to its CMS and its labels.
	cmsOf    map[string]string
	labelsOf map[string]map[string]string
}

func newSARIF(r *report.Report, o format.Options, limit int) (*sarif, error) {
	s := &sarif{r: r, o: o, limit: limit, unread: r.Unread(), cmsOf: make(map[string]string, len(r.Sources)), labelsOf: map[string]map[string]string{}}
	for i := range r.Sources {
		s.cmsOf[r.Sources[i].ID] = r.Sources[i].CMS
		s.labelsOf[r.Sources[i].ID] = r.Sources[i].Labels
	}
	if err := s.describeTaxonomies(); err != nil {
		return nil, err
	}
	s.describeRules()
	return s, nil
}

// log makes the whole document.
func (s *sarif) log() sarifLog {
	log := sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{}}
	notices := s.newNotes()
	for _, cms := range s.cmses() {
		switch {
		case s.mustLeaveOut(cms):
			notices.add(noteRunLeftOut, "error", "", fmt.Sprintf(
				"The run of %s is left out: it is incomplete, and there is no baseline. Code scanning would treat every finding that it could not see as fixed. Give --baseline with an earlier JSON report, or accept the gaps", cms))
			s.missingNotes(cms, notices)
		case len(log.Runs) == sarifMaxRuns-1:
			notices.add(noteRunLeftOut, "error", "", fmt.Sprintf("The run of %s is left out: a file may have no more than %d runs", cms, sarifMaxRuns))
		default:
			log.Runs = append(log.Runs, s.run(cms, len(log.Runs) == 0))
		}
	}
	if len(s.r.Sources) == 0 {
		notices.add(noteNoSource, "error", "", "No source was found, so nothing was audited")
	}
	if len(log.Runs) == 0 {
		s.waiverNotes(notices)
	}
	if len(notices.list) > 0 || len(log.Runs) == 0 {
		log.Runs = append(log.Runs, s.noticeRun(notices))
	}
	return log
}

// cmses returns the CMSes with a source now, or with a finding that may still stand.
func (s *sarif) cmses() []string {
	var names []string
	for i := range s.r.Sources {
		names = append(names, s.r.Sources[i].CMS)
	}
	for _, f := range s.r.Stale {
		names = append(names, f.CMS)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// mustLeaveOut: something of the CMS was not measured that nobody accepted,
// and no baseline says what had been found there. A result that is missing
// would be read as fixed.
func (s *sarif) mustLeaveOut(cms string) bool {
	return s.r.Baseline == nil && s.incomplete(cms)
}

func (s *sarif) incomplete(cms string) bool {
	for _, unit := range s.unread {
		if unit.CMS == cms && unit.Accepted == nil {
			return true
		}
	}
	for _, e := range s.r.RuleErrors {
		if s.cmsOf[e.Source] == cms {
			return true
		}
	}
	return false
}

// run makes the run of a CMS. The first one also says what belongs to none.
func (s *sarif) run(cms string, first bool) sarifRun {
	notes := s.newNotes()
	results := s.results(cms, notes)
	if first {
		s.relaxedNotes(notes)
		s.waiverNotes(notes)
	}
	s.gapNotes(cms, notes)
	return sarifRun{
		Tool:              sarifTool{s.driver()},
		AutomationDetails: sarifAutomation{s.category(cms)},
		Invocations:       []sarifInvocation{{ExecutionSuccessful: !s.incomplete(cms), Notifications: notes.finish()}},
		Taxonomies:        s.taxonomies,
		ColumnKind:        "unicodeCodePoints",
		Results:           results,
		Properties:        s.runProperties(),
	}
}

// noticeRun says what no other run can say. Its category never has results.
func (s *sarif) noticeRun(notes *notes) sarifRun {
	return sarifRun{
		Tool:              sarifTool{s.driver()},
		AutomationDetails: sarifAutomation{s.category("notices")},
		Invocations:       []sarifInvocation{{ExecutionSuccessful: len(notes.list) == 0, Notifications: notes.finish()}},
		Taxonomies:        s.taxonomies,
		ColumnKind:        "unicodeCodePoints",
		Results:           []sarifResult{},
		Properties:        s.runProperties(),
	}
}

// category is what code scanning keeps alerts apart by. A run that was
// restricted has one of its own: it must not close the alerts of a full one. A
// change has not: on its branch, alerts are compared with those of the full run.
func (s *sarif) category(name string) string {
	id := "tokenaudit/" + format.URISegment(name) + "/"
	if scope := s.r.Scope; scope != nil && len(scope.Sources)+len(scope.Labels)+len(scope.Owners)+len(scope.Rules)+len(scope.Shard) > 0 {
		text := strings.Join(scope.Sources, "\x00") + "\x01" + strings.Join(scope.Rules, "\x00") + "\x01" + scope.Shard
		if len(scope.Labels) > 0 {
			text += "\x01" + strings.Join(scope.Labels, "\x00")
		}
		if len(scope.Owners) > 0 {
			text += "\x02" + strings.Join(scope.Owners, "\x00")
		}
		sum := sha256.Sum256([]byte(text))
		id += "partial-" + hex.EncodeToString(sum[:4]) + "/"
	}
	return id
}

func (s *sarif) driver() sarifComponent {
	driver := sarifComponent{
		Name: "tokenaudit", InformationURI: projectURL, Organization: "tokenaudit",
		Version:       sarifVersion(s.r.Tool.Version),
		Rules:         s.rules,
		Notifications: noteDescriptors(),
	}
	for i, taxonomy := range s.taxonomies {
		driver.SupportedTaxonomies = append(driver.SupportedTaxonomies, sarifReference{Name: taxonomy.Name, Index: i})
	}
	return driver
}

// sarifVersion begins with a digit, as readers want it to compare versions.
func sarifVersion(version string) string {
	version = strings.TrimPrefix(safetext.OneLine(version), "v")
	if version == "" || version[0] < '0' || version[0] > '9' {
		return strings.TrimSuffix("0.0.0-"+version, "-")
	}
	return version
}

func (s *sarif) runProperties() map[string]any {
	return map[string]any{
		"auditTime":    s.r.At.Format("2006-01-02T15:04:05Z07:00"),
		"policyDigest": s.r.Policies.Digest,
		"configDigest": s.r.ConfigDigest,
	}
}

// sarifLevel, securitySeverity and sarifRank put a severity into the three
// scales that readers use. 9.5, because the text of GitHub leaves in doubt what
// exactly 9.0 is.
func sarifLevel(severity policies.Severity) string {
	switch severity {
	case policies.Critical, policies.High:
		return "error"
	case policies.Medium:
		return "warning"
	}
	return "note"
}

func securitySeverity(severity policies.Severity) string {
	switch severity {
	case policies.Critical:
		return "9.5"
	case policies.High:
		return "8.0"
	case policies.Medium:
		return "5.5"
	case policies.Low:
		return "2.0"
	}
	return "0.0"
}

func sarifRank(severity policies.Severity) float64 {
	switch severity {
	case policies.Critical:
		return 95
	case policies.High:
		return 80
	case policies.Medium:
		return 55
	case policies.Low:
		return 20
	}
	return 5
}
