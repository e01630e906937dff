-- +goose Up

-- Bodies are kept once, whatever how often they are seen. id is the beginning of their SHA-256.
CREATE TABLE body (
	id   TEXT PRIMARY KEY,
	data TEXT NOT NULL
);

-- A run, by its place in time: 1 is the earliest. A run that is written late moves the later ones.
CREATE TABLE run (
	run           INTEGER PRIMARY KEY,
	id            TEXT NOT NULL UNIQUE,
	at            TEXT NOT NULL,
	config_digest TEXT NOT NULL,
	-- only_rules is empty for all, else |rule|rule|.
	only_rules    TEXT NOT NULL,
	-- kept is 0 for a run of which nothing but its head is left.
	kept          INTEGER NOT NULL,
	complete      INTEGER NOT NULL,
	sources       INTEGER NOT NULL,
	tokens        INTEGER NOT NULL,
	open_findings INTEGER NOT NULL,
	-- head is what is told of the run, as JSON, and rules the body with the rules that judged.
	head          TEXT NOT NULL,
	rules         TEXT NOT NULL
);
CREATE INDEX run_at ON run (at);

-- What a run read of a source.
CREATE TABLE reading (
	run          INTEGER NOT NULL,
	source       TEXT NOT NULL,
	cms          TEXT NOT NULL,
	collected_at TEXT NOT NULL,
	-- content is the body with the source, judged the one with what could not be decided.
	content      TEXT NOT NULL,
	judged       TEXT NOT NULL,
	PRIMARY KEY (run, source)
);
CREATE INDEX reading_source ON reading (source, run);

-- A token, whatever became of it. first_run may have been pruned, the times stay.
CREATE TABLE token (
	token           TEXT PRIMARY KEY,
	source          TEXT NOT NULL,
	first_run       INTEGER NOT NULL,
	first_at        TEXT NOT NULL,
	first_collected TEXT NOT NULL
);

-- A token as the runs from from_run until before to_run saw it; to_run is NULL while that holds.
CREATE TABLE token_version (
	token         TEXT NOT NULL,
	from_run      INTEGER NOT NULL,
	to_run        INTEGER,
	-- ended is empty, changed or gone.
	ended         TEXT NOT NULL,
	source        TEXT NOT NULL,
	cms           TEXT NOT NULL,
	kind          TEXT NOT NULL,
	name          TEXT NOT NULL,
	access        TEXT NOT NULL,
	writes        INTEGER NOT NULL,
	owner         TEXT NOT NULL,
	owner_state   TEXT NOT NULL,
	expiry        TEXT NOT NULL,
	-- team is empty for none.
	team          TEXT NOT NULL,
	-- facts is a body, last_use JSON; worded is 1 where the use is told in words.
	facts         TEXT NOT NULL,
	last_use      TEXT NOT NULL,
	worded        INTEGER NOT NULL,
	-- risk_min and risk_max are -1 where the token was not judged by risk.
	risk_min      INTEGER NOT NULL,
	risk_max      INTEGER NOT NULL,
	-- not_evaluated are the rules that could not decide, sorted, separated by spaces.
	not_evaluated TEXT NOT NULL,
	-- digest identifies what the version says of the token.
	digest        TEXT NOT NULL,
	PRIMARY KEY (token, from_run)
);
-- A run compares all tokens with these columns, and nothing else of those that did not change.
CREATE INDEX token_version_current ON token_version (token, from_run, to_run, digest) WHERE to_run IS NULL;
CREATE INDEX token_version_to ON token_version (to_run) WHERE to_run IS NOT NULL;

-- A finding, whatever became of it. first_run may have been pruned, first_at stays.
CREATE TABLE finding (
	fingerprint TEXT PRIMARY KEY,
	first_run   INTEGER NOT NULL,
	first_at    TEXT NOT NULL,
	rule        TEXT NOT NULL,
	source      TEXT NOT NULL,
	cms         TEXT NOT NULL,
	token       TEXT NOT NULL,
	finding_key TEXT NOT NULL,
	message     TEXT NOT NULL
);

-- What was known of a finding from the run from_run until before to_run.
CREATE TABLE finding_state (
	fingerprint        TEXT NOT NULL,
	from_run           INTEGER NOT NULL,
	to_run             INTEGER,
	-- state is open, waived, unseen, withdrawn, resolved or gone; reason says why, of the last four.
	state              TEXT NOT NULL,
	reason             TEXT NOT NULL,
	severity           TEXT NOT NULL,
	-- kind is that of the token when the finding was seen last.
	kind               TEXT NOT NULL,
	team               TEXT NOT NULL,
	-- definition identifies the rule and its settings when the finding was seen last.
	definition         TEXT NOT NULL,
	waiver_owner       TEXT NOT NULL,
	waiver_approved_by TEXT NOT NULL,
	waiver_expires     TEXT NOT NULL,
	-- reopened is how often the finding came back after it was over, until this state and with it.
	reopened           INTEGER NOT NULL,
	-- digest identifies what the state says of the finding, but for reopened.
	digest             TEXT NOT NULL,
	PRIMARY KEY (fingerprint, from_run)
);
-- A run compares all findings with these columns, and nothing else of those that did not change.
CREATE INDEX finding_state_current ON finding_state (fingerprint, from_run, to_run, state, reopened, digest) WHERE to_run IS NULL;
CREATE INDEX finding_state_waived ON finding_state (from_run) WHERE state = 'waived';
CREATE INDEX finding_state_to ON finding_state (to_run) WHERE to_run IS NOT NULL;

-- The shards of runs that are not all in yet.
CREATE TABLE part (
	run_key TEXT NOT NULL,
	shard   INTEGER NOT NULL,
	shards  INTEGER NOT NULL,
	at      TEXT NOT NULL,
	data    TEXT NOT NULL,
	PRIMARY KEY (run_key, shard)
);

-- The views below may be queried; what they show does not change without a word in CHANGELOG.md.

CREATE VIEW runs AS
SELECT run, id, at, complete, sources, tokens, open_findings FROM run;

CREATE VIEW token_history AS
SELECT v.token, v.source, v.cms, v.kind, v.name, v.access, v.writes, v.owner, v.owner_state, v.expiry,
	v.risk_min, v.risk_max, v.team, b.at AS valid_from, e.at AS valid_to, v.ended
FROM token_version v JOIN run b ON b.run = v.from_run LEFT JOIN run e ON e.run = v.to_run;

CREATE VIEW tokens AS
SELECT v.token, v.source, v.cms, v.kind, v.name, v.access, v.writes, v.owner, v.owner_state, v.expiry, v.risk_min, v.risk_max, v.team,
	t.first_at AS first_seen, b.at AS unchanged_since
FROM token_version v JOIN token t ON t.token = v.token JOIN run b ON b.run = v.from_run WHERE v.to_run IS NULL;

CREATE VIEW finding_history AS
SELECT s.fingerprint, f.rule, f.source, f.token, f.finding_key, s.severity, s.team, s.state, s.reason,
	s.waiver_owner, s.waiver_approved_by, s.waiver_expires, b.at AS valid_from, e.at AS valid_to
FROM finding_state s JOIN finding f ON f.fingerprint = s.fingerprint
JOIN run b ON b.run = s.from_run LEFT JOIN run e ON e.run = s.to_run;

CREATE VIEW findings AS
SELECT f.fingerprint, f.rule, s.severity, s.state, s.reason, f.source, f.cms, f.token, s.kind,
	COALESCE((SELECT v.name FROM token_version v WHERE v.token = f.token ORDER BY v.from_run DESC LIMIT 1), '') AS token_name,
	f.finding_key, s.team, f.message, f.first_at AS first_seen,
	(SELECT MAX(r.at) FROM run r JOIN reading g ON g.run = r.run AND g.source = f.source
		WHERE (r.only_rules = '' OR r.only_rules LIKE '%|' || f.rule || '|%')
		AND (r.run < s.from_run OR s.state IN ('open', 'waived'))) AS last_seen,
	s.waiver_owner, s.waiver_approved_by, s.waiver_expires, b.at AS state_since
FROM finding f JOIN finding_state s ON s.fingerprint = f.fingerprint AND s.to_run IS NULL JOIN run b ON b.run = s.from_run;

CREATE VIEW open_findings AS
SELECT fingerprint, rule, severity, state, reason, source, cms, token, kind, token_name, finding_key, team, message,
	first_seen, last_seen, state_since FROM findings WHERE state IN ('open', 'unseen');
