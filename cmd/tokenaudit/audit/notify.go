package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/notify"
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/message"
	"github.com/tokenaudit/tokenaudit/report/parts"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// checkTargets finds out before the work that nobody can be told.
func (au *Audit) checkTargets() error {
	if !au.options.Notify {
		return nil
	}
	if len(au.config.Notify) == 0 {
		return cli.Misuse(errors.New("--notify: the configuration has no notify; list the targets there"))
	}
	for _, t := range au.config.Notify {
		if err := parts.CheckTeams(t.Entry.Strings("teams"), au.config.Owners.Teams()); err != nil {
			return fmt.Errorf("%s: %s.teams: %w", t.Entry.Origin, t.Entry.Name, err)
		}
	}
	return nil
}

// tellsTeams reports whether a target gets the part of a team.
func (au *Audit) tellsTeams() bool {
	return au.options.Notify && slices.ContainsFunc(au.config.Notify, func(t config.Source) bool { return len(t.Entry.Strings("teams")) > 0 })
}

// tell sends what is new to the targets of the configuration. What fails is a warning: it
// changes neither the verdict nor the exit code.
func (au *Audit) tell(ctx context.Context, r *report.Report) {
	if !au.options.Notify {
		return
	}
	if r.Baseline == nil {
		au.program.Note("--notify without a baseline or a store: every finding counts as new")
	}
	sender := notify.Sender{Version: au.program.Tool.Version, Transport: au.program.Transport, Gate: au.gate}
	for i, t := range au.config.Notify {
		// An interrupted run tells what it saw: the next one takes it for known.
		ctx := interruptible.UnlessEnded(ctx)
		name := fmt.Sprintf("%s (%s)", t.Entry.Name, t.Entry.String("type"))
		entry, err := au.config.Target(ctx, au.program.Host().Environment, i)
		line := ""
		if err == nil {
			line, err = sender.Send(ctx, target(entry), r)
		}
		if err != nil {
			au.program.Warn("%s failed: %s; the exit code does not change", name, safetext.OneLine(err.Error()))
			continue
		}
		au.program.Note("%s: %s", name, line)
	}
}

// target is where an entry of the configuration says that messages go.
func target(e collectors.Entry) notify.Target {
	return notify.Target{
		Type: notify.Type(e.String("type")), URL: e.Secret("url").Reveal,
		Teams: e.Strings("teams"), MinSeverity: policies.Severity(e.String("min_severity")),
		Issues: notify.Issues{
			Project: e.String("project"), IssueType: cmp.Or(e.String("issue_type"), "Task"), Per: message.Per(cmp.Or(e.String("per"), "token")),
			User: e.String("user"), Token: e.Secret("token").Reveal,
		},
	}
}
