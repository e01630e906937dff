package store

import "slices"

// standing is what a run has to know of a finding that did not change.
type standing struct {
	from     int
	state    State
	reopened int
	digest   string
}

// moment identifies what a store says of the runs until one: no run is ever taken out, so that
// as many runs until the same one are the same runs.
type moment struct {
	last int
	// id is that of the run last; kept is how many runs until it are.
	id   string
	kept int
}

// recent is what was known of all findings at a moment.
type recent struct {
	moment

	standings map[string]standing
}

// at returns the moment after the run last.
func (t *tx) at(last int) moment {
	at := moment{last: last}
	t.One([]any{&at.id, &at.kept}, `SELECT id, (SELECT COUNT(*) FROM run WHERE run <= ? AND kept = 1) FROM run WHERE run = ?`, last, last)
	return at
}

// standings returns what was known of all findings after the run last. A run is written soon
// after its report was compared: what that read is not read again.
func (t *tx) standings(last int) map[string]standing {
	if known := t.recent.Load(); known != nil && known.moment == t.at(last) {
		return known.standings
	}
	all := map[string]standing{}
	var fingerprint string
	var s standing
	t.current(last, func(scan func(...any)) error {
		scan(&fingerprint, &s.from, &s.state, &s.reopened, &s.digest)
		all[fingerprint] = s
		return nil
	}, `SELECT fingerprint, from_run, state, reopened, digest FROM finding_state`)
	return all
}

// row is a row of finding_state, with what only the store tells of the finding.
type row struct {
	state

	key, message string
}

// rows returns findings as they were known after the run last, by fingerprint.
func (t *tx) rows(last int, fingerprints []string) map[string]row {
	all := make(map[string]row, len(fingerprints))
	t.eachOf(fingerprints, func(scan func(...any)) error {
		var r row
		scan(&r.fingerprint, &r.rule, &r.source, &r.cms, &r.token, &r.kind, &r.state.state, &r.reason, &r.severity, &r.team, &r.definition,
			&r.waiver.Owner, &r.waiver.ApprovedBy, &r.waiver.Expires, &r.key, &r.message)
		all[r.fingerprint] = r
		return nil
	}, `SELECT s.fingerprint, f.rule, f.source, f.cms, f.token, s.kind, s.state, s.reason, s.severity, s.team, s.definition,
		s.waiver_owner, s.waiver_approved_by, s.waiver_expires, f.finding_key, f.message
		FROM finding_state s JOIN finding f ON f.fingerprint = s.fingerprint WHERE s.fingerprint IN (*) AND s.`+covering, last, last)
	return all
}

// version is what a run has to know of a token that did not change.
type version struct {
	from   int
	digest string
}

// versions returns the tokens that were there after the run last.
func (t *tx) versions(last int) map[string]version {
	all := map[string]version{}
	var token string
	var v version
	t.current(last, func(scan func(...any)) error {
		scan(&token, &v.from, &v.digest)
		all[token] = v
		return nil
	}, `SELECT token, from_run, digest FROM token_version`)
	return all
}

// current is Each for the rows of a table that hold for the run last. It is quick for the
// latest one.
func (t *tx) current(last int, fn func(scan func(...any)) error, query string) {
	var latest int
	if t.One([]any{&latest}, `SELECT COALESCE(MAX(run), 0) FROM run`); latest <= last {
		t.Each(fn, query+` WHERE to_run IS NULL`)
	} else {
		t.Each(fn, query+` WHERE `+covering, last, last)
	}
}

// placed is a token, and where it is.
type placed struct{ token, source, cms, kind, team string }

// unseen returns the tokens that were there after the run last, and that a run did not see.
func (t *tx) unseen(last int, w *world, current map[string]version) []placed {
	var ids []string
	for id := range current {
		if _, there := w.tokens[id]; !there {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	var all []placed
	t.eachOf(ids, func(scan func(...any)) error {
		var of placed
		scan(&of.token, &of.source, &of.cms, &of.kind, &of.team)
		all = append(all, of)
		return nil
	}, `SELECT token, source, cms, kind, team FROM token_version WHERE token IN (*) AND `+covering, last, last)
	return all
}
