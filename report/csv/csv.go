// Package csv renders a report as one row a finding, and its inventory as one row
// a token, for spreadsheets.
package csv

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/controls"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// csvColumns are the columns of the csv format. record says what a row is:
// finding; not_evaluated, unread_list, accepted_gap, accepted_empty or rule_error for what is
// missing (the token column has the ids of a sample, or the name of the list);
// relaxed for a setting that asks less than controls need, which are in reasons;
// waiver; control, where that was asked for, with its verdicts by status and why it is
// not evaluated. labels are those of the source: see
// labelsCell.
var csvColumns = []string{
	"record", "severity", "status", "baseline", "rule", "title", "cms", "source", "source_name", "token", "token_name", "kind", "count",
	"message", "remediation", "url", "address", "file", "line", "waiver_reason", "waiver_owner", "waiver_approved_by", "waiver_expires", "evidence", "fingerprint", "labels", "risk_min", "risk_max", "risk_band",
	"key", "fail", "waived", "not_evaluated", "pass", "not_applicable", "reasons",
	"owner_type", "owner_id", "owner", "owner_state", "owner_reason", "team", "first_seen", "open_days", "reopened", "due", "overdue_days",
}

// csvRow is a row by the names of its columns.
type csvRow map[string]string

// Format is one row a finding.
func Format() format.Format {
	return format.Format{
		Name: "csv", Help: "one row a finding, for spreadsheets", UsesEvidence: true,
		Write: renderCSV,
	}
}

// renderCSV writes one row for each finding, then one for each thing that is missing.
func renderCSV(w io.Writer, r *report.Report, _ format.Options) error {
	out := newCSVTable(w, csvColumns)
	v := format.NewView(r)
	for _, f := range r.Findings {
		out.row(findingRow(v, f))
	}
	for _, gap := range r.Gaps {
		out.row(csvRow{
			"record": "not_evaluated", "severity": string(gap.Severity), "status": string(policies.NotEvaluated), "rule": gap.Rule, "title": v.Title(gap.Rule),
			"cms": v.CMS(gap.Source), "source": gap.Source, "source_name": v.SourceName(gap.Source), "token": strings.Join(gap.Sample, " "), "count": strconv.Itoa(gap.Count), "message": gap.Reason, "labels": labelsCell(v, gap.Source), "team": gap.Team,
		})
	}
	for _, n := range format.NotAsked(r.Sources) {
		out.row(csvRow{"record": "not_asked", "status": string(policies.NotApplicable), "rule": n.Rule, "title": v.Title(n.Rule), "count": strconv.Itoa(n.Sources), "message": n.Reason})
	}
	if len(r.Sources) == 0 {
		out.row(csvRow{"record": "no_source", "message": "no source was found"})
	}
	for _, unit := range v.Unread {
		out.row(unreadRow(v, unit))
	}
	for _, e := range r.RuleErrors {
		out.row(csvRow{"record": "rule_error", "rule": e.Rule, "title": v.Title(e.Rule), "cms": v.CMS(e.Source), "source": e.Source, "source_name": v.SourceName(e.Source), "message": e.Detail, "labels": labelsCell(v, e.Source)})
	}
	for _, s := range r.Lowered() {
		row := csvRow{"record": "relaxed", "rule": s.Rule, "title": v.Title(s.Rule), "source": s.Sources, "message": s.String(), "reasons": controls.Text(s.Controls)}
		row.origin(s.Origin)
		out.row(row)
	}
	for _, waiver := range v.Waivers {
		row := csvRow{"record": "waiver", "status": strings.ReplaceAll(string(waiver.State), " ", "_"), "rule": waiver.Rule, "token": waiver.Token, "token_name": waiver.Name, "key": waiver.Key, "count": strconv.Itoa(waiver.Findings)}
		row.waiver(&waiver.Waiver.Waiver)
		out.row(row)
	}
	for i := range r.AcceptedGaps {
		if gap := &r.AcceptedGaps[i]; gap.State != report.GapApplied {
			row := csvRow{"status": string(gap.State), "source": gap.Source, "token": gap.Unit}
			row.acceptance(gap)
			out.row(row)
		}
	}
	if r.Framework != nil {
		for _, c := range r.Framework.Controls {
			row := csvRow{"record": "control", "status": string(c.Outcome), "rule": strings.Join(c.Rules, " "), "title": r.Framework.Title + " " + c.ID, "count": strconv.Itoa(c.Statuses.Fail), "message": c.Title, "reasons": strings.Join(c.Reasons, "; ")}
			row.counts(c.Statuses)
			out.row(row)
		}
	}
	return out.close()
}

func findingRow(v *format.View, f *report.Finding) csvRow {
	row := csvRow{
		"record": "finding", "severity": string(f.Severity), "status": string(f.Status), "baseline": string(f.Baseline), "rule": f.Rule, "title": v.Title(f.Rule),
		"cms": f.CMS, "source": f.Source, "source_name": v.SourceName(f.Source), "token": f.Token, "token_name": f.TokenName, "kind": string(f.Kind), "count": "1",
		"message": f.Message, "remediation": f.Remediation, "url": f.URL, "address": f.Address, "fingerprint": f.Fingerprint, "key": f.Key, "labels": labelsCell(v, f.Source), "team": f.Team,
	}
	if o := f.Owner; o != nil {
		row["owner_type"], row["owner_id"], row["owner"], row["owner_state"], row["owner_reason"] = string(o.Type), o.ID, o.Name, string(o.State), o.Reason
	}
	if f.Origin != nil {
		row.origin(*f.Origin)
	}
	if f.Waiver != nil {
		row.waiver(f.Waiver)
	}
	row.ages(f)
	row.risk(f.Risk)
	if len(f.Evidence) > 0 {
		row["evidence"] = string(f.Evidence)
	}
	return row
}

// ages are empty where they are unknown; reopened and overdue_days where there are none.
func (row csvRow) ages(f *report.Finding) {
	row["first_seen"], row["open_days"], row["due"] = date(f.FirstSeen), days(f.OpenDays), f.Due
	for name, n := range map[string]int{"reopened": f.Reopened, "overdue_days": f.OverdueDays} {
		if n > 0 {
			row[name] = strconv.Itoa(n)
		}
	}
}

func (row csvRow) risk(s *risk.Score) {
	if s != nil {
		row["risk_min"], row["risk_max"], row["risk_band"] = strconv.Itoa(s.Min), strconv.Itoa(s.Max), string(s.Band)
	}
}

func unreadRow(v *format.View, unit report.UnreadUnit) csvRow {
	row := csvRow{"record": "unread_list", "cms": unit.CMS, "source": unit.Source, "source_name": unit.SourceName, "token": unit.Name, "message": unit.Problem(), "remediation": unit.Hint, "labels": labelsCell(v, unit.Source)}
	if gap := unit.Accepted; gap != nil {
		row["status"] = string(gap.State)
		row.acceptance(gap)
	}
	return row
}

func (row csvRow) counts(c policies.Counts) {
	row["fail"], row["waived"], row["not_evaluated"] = strconv.Itoa(c.Fail), strconv.Itoa(c.Waived), strconv.Itoa(c.NotEvaluated)
	row["pass"], row["not_applicable"] = strconv.Itoa(c.Pass), strconv.Itoa(c.NotApplicable)
}

func (row csvRow) waiver(w *policies.Waiver) {
	row["waiver_reason"], row["waiver_owner"], row["waiver_approved_by"], row["waiver_expires"] = w.Reason, w.Owner, w.ApprovedBy, w.Expires
	row.origin(w.Origin)
}

func acceptedRecord(gap *report.AcceptedGap) string {
	if gap.Empty {
		return "accepted_empty"
	}
	return "accepted_gap"
}

func (row csvRow) acceptance(gap *report.AcceptedGap) {
	row["record"] = acceptedRecord(gap)
	row.waiver(&policies.Waiver{Reason: gap.Reason, Owner: gap.Owner, ApprovedBy: gap.ApprovedBy, Expires: gap.Expires, Origin: gap.Origin})
}

// origin keeps the first place that is given: that of a finding before that of its waiver.
func (row csvRow) origin(o inventory.Origin) {
	if o.File == "" || row["file"] != "" {
		return
	}
	row["file"] = o.File
	if o.Line > 0 {
		row["line"] = strconv.Itoa(o.Line)
	}
}

// csvTable writes rows by the names of their columns. The first error sticks.
type csvTable struct {
	out     *csv.Writer
	columns []string
	record  []string
}

func newCSVTable(w io.Writer, columns []string) *csvTable {
	t := &csvTable{out: csv.NewWriter(w), columns: columns, record: make([]string, len(columns))}
	_ = t.out.Write(columns) // csv.Writer keeps its first error
	return t
}

func (t *csvTable) row(row csvRow) {
	for i, name := range t.columns {
		t.record[i] = safetext.CSVCell(row[name])
	}
	_ = t.out.Write(t.record)
}

func (t *csvTable) close() error {
	t.out.Flush()
	return t.out.Error()
}

// csvInventoryColumns are the columns of the csv-inventory format. record is
// token, or unread_list, accepted_gap or accepted_empty for a list whose tokens are missing here.
// A number or a time that is unknown, such as environments_count, is an empty cell.
var csvInventoryColumns = []string{
	"record", "cms", "source", "source_name", "id", "ref", "name", "description", "kind", "status", "apis", "level", "write", "assumed", "manages_tokens", "role", "grants",
	"environments_state", "environments", "environments_count", "created_at", "age_days", "expiry_state", "expires_at", "expires_in_days",
	"last_used_state", "last_used_at", "unused_days_min", "unused_days_max", "owner_type", "owner", "owner_state", "secret_readable", "exposure", "planned", "address", "url",
	"failed_rules", "waived_rules", "not_evaluated_rules", "message", "labels", "risk_min", "risk_max", "risk_band", "risk_factors", "owner_id", "team",
}

// InventoryFormat is one row a token.
func InventoryFormat() format.Format {
	return format.Format{
		Name: "csv-inventory", Help: "one row a token, for spreadsheets", NeedsTokens: true, UsesTokens: true,
		Write: renderCSVInventory,
	}
}

// renderCSVInventory writes one row for each token, then one for each list that
// could not be read.
func renderCSVInventory(w io.Writer, r *report.Report, _ format.Options) error {
	out := newCSVTable(w, csvInventoryColumns)
	v := format.NewView(r)
	for i := range r.Tokens {
		out.row(tokenRow(v, &r.Tokens[i]))
	}
	for _, unit := range v.Unread {
		record := "unread_list"
		if unit.Accepted != nil {
			record = acceptedRecord(unit.Accepted)
		}
		out.row(csvRow{"record": record, "cms": unit.CMS, "source": unit.Source, "source_name": unit.SourceName, "name": unit.Name, "message": unit.Problem(), "labels": labelsCell(v, unit.Source)})
	}
	return out.close()
}

func tokenRow(v *format.View, t *report.Token) csvRow {
	row := csvRow{
		"record": "token", "cms": t.CMS, "source": t.Source, "source_name": v.SourceName(t.Source), "id": t.ID, "ref": t.Ref, "name": t.Name, "description": t.Description,
		"kind": string(t.Kind), "status": string(t.Status), "apis": join(t.APIs), "level": string(t.Access.Level), "write": strconv.FormatBool(t.Access.Write),
		"assumed": strconv.FormatBool(t.Access.Assumed), "manages_tokens": string(t.Access.ManagesTokens), "grants": strings.Join(t.Access.Grants, " "),
		"environments_state": string(t.Environments.State), "environments": environmentNames(t.Environments), "environments_count": environmentsCount(t.Environments),
		"created_at": date(t.CreatedAt.At), "age_days": days(t.AgeDays), "expiry_state": string(t.Expiry.State), "expires_at": date(t.Expiry.At), "expires_in_days": days(t.ExpiresInDays),
		"last_used_state": string(t.LastUsed.State), "last_used_at": date(lastUse(t.LastUsed)), "owner_type": string(t.Owner.Type), "owner": t.Owner.Name, "owner_state": string(t.Owner.State),
		"secret_readable": string(t.Secret.Readable), "exposure": string(t.Exposed().State), "planned": string(t.Planned), "address": t.Address, "url": t.URL,
		"failed_rules": rulesWith(t, policies.Fail), "waived_rules": rulesWith(t, policies.Waived), "not_evaluated_rules": rulesWith(t, policies.NotEvaluated), "labels": labelsCell(v, t.Source), "owner_id": t.Owner.ID, "team": t.Team,
	}
	if t.Risk != nil {
		row.risk(&t.Risk.Score)
		var factors []string
		for _, f := range t.Risk.Factors {
			factors = append(factors, f.Name+" "+f.Points())
		}
		row["risk_factors"] = strings.Join(factors, ", ")
	}
	if t.Role != nil {
		row["role"] = t.Role.Name
	}
	if t.UnusedDays != nil {
		row["unused_days_min"], row["unused_days_max"] = strconv.Itoa(t.UnusedDays.Min), days(t.UnusedDays.Max)
	}
	return row
}

// lastUse returns the moment of the last use, or the latest it can have been.
func lastUse(u inventory.LastUsed) time.Time {
	if u.State == inventory.LastUsedAt {
		return u.At
	}
	return u.Latest
}

// environmentsCount is "" where it is unknown which environments a token opens, and where
// it opens all, of which none is known. A list alone can be empty.
func environmentsCount(s inventory.Scope) string {
	if s.Effective == 0 && s.State != inventory.ScopeListed {
		return ""
	}
	return strconv.Itoa(s.Effective)
}

func environmentNames(s inventory.Scope) string {
	names := make([]string, len(s.Items))
	for i, item := range s.Items {
		names[i] = item.ID
	}
	return strings.Join(names, " ")
}

// labelEscape keeps what separates labels apart from what they hold.
var labelEscape = strings.NewReplacer(`\`, `\\`, ";", `\;`)

// labelsCell returns the labels of a source, sorted, as key=value;key=value. A
// semicolon or a backslash in one of them has a backslash before it.
func labelsCell(v *format.View, source string) string {
	texts := labels.Texts(v.Labels(source))
	for i, label := range texts {
		texts[i] = labelEscape.Replace(label)
	}
	return strings.Join(texts, ";")
}

// rulesWith returns the rules with one status on a token.
func rulesWith(t *report.Token, status policies.Status) string {
	var ids []string
	for _, rule := range safetext.SortedKeys(t.Verdicts) {
		if t.Verdicts[rule] == status {
			ids = append(ids, rule)
		}
	}
	return strings.Join(ids, " ")
}

func join[S ~string](words []S) string {
	texts := make([]string, len(words))
	for i, word := range words {
		texts[i] = string(word)
	}
	return strings.Join(texts, " ")
}

// date returns RFC 3339, or "" for no time.
func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// days returns a number, or "" for none.
func days(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}
