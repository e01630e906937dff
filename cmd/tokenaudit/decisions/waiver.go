package decisions

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/entries"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/ruleid"
	"github.com/tokenaudit/tokenaudit/report/acceptance"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// WaiverOptions are the flags and arguments of waivers add.
type WaiverOptions struct {
	signed
	policies []string
	rule     string
	// token is an id, the end of one, a name, or a glob.
	token string
	name  string
	key   string
}

// NewWaiversAdd makes the command waivers add.
func NewWaiversAdd(p *program.Program, run func(context.Context, WaiverOptions) error) *cobra.Command {
	o := WaiverOptions{signed: signed{placed: placed{program: p}}}
	cmd := &cobra.Command{
		Use:   "add RULE TOKEN",
		Short: "Add a waiver to the configuration, or to the file of a team",
		Long: `Add writes a waiver at the end of the waivers of the configuration, or of a file of
waivers that the configuration names. Comments, order and layout of the file stay
as they are: if the result would say anything else than before and the waiver,
nothing is written, and the waiver is printed to be pasted.

RULE is the id of a rule, or a glob. TOKEN is the id of a token, or of a source for
a rule about sources, or a glob; with a saved inventory or report, the end of an id
or a name will do, and a token that is not in it is refused.`,
		Example: `  tokenaudit waivers add write-token-never-expires access_tokens/312 \
    --report report.json --reason "rotated quarterly" --owner web@example.com \
    --approved-by security@example.com --expires 2027-02-28`,
		Args: cli.Takes("RULE", "TOKEN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.rule, o.token = args[0], args[1]
			return run(cmd.Context(), o)
		},
	}
	o.bind(cmd)
	f := cmd.Flags()
	f.StringVar(&o.name, "name", "", "waive it only for tokens with this name, a `glob`")
	f.StringVar(&o.key, "key", "", "waive only the finding with this `key`, as the JSON report and explain have it")
	f.StringArrayVar(&o.policies, "policy", nil, "a file, `folder` or bundle of custom rules (repeatable)")
	return cmd
}

// RunWaiversAdd adds a waiver.
func RunWaiversAdd(ctx context.Context, o WaiverOptions) error {
	now, cfg, have, err := o.begin(ctx)
	if err != nil {
		return err
	}
	loaded, err := program.Rules(ctx, &config.Config{Dir: cfg.Dir, PolicyPaths: cfg.PolicyPaths}, o.policies, nil)
	if err != nil {
		return err
	}
	check := acceptance.Check{At: now, Rules: loaded.Known(), Saved: have.report}
	if id := ruleid.Find(o.rule, policies.IDs(check.Rules)); id != "" {
		o.rule = id
	}
	about, err := o.find(ctx, have, cfg.Owners, target{token: o.token, name: o.name})
	if err != nil {
		return err
	}
	w := policies.Waiver{Rule: o.rule, Token: about.id, Name: o.name, Key: o.key, Reason: o.reason, Owner: o.owner, ApprovedBy: o.approvedBy, Expires: o.expires}
	if err := o.useful(w, check); err != nil {
		return err
	}
	if err := o.unlessWaived(cfg, w, about.name, check.Rules, now); err != nil {
		return err
	}
	to, err := o.list(cfg, waiverEntries, about.teams)
	if err != nil {
		return err
	}
	line, err := o.add(ctx, to, []entries.Entry{o.entry(w)})
	if err != nil {
		return err
	}
	o.done(to, line, fmt.Sprintf("a waiver of %s for %s until %s", w.Rule, w.Token, w.Expires))
	if check.Saved != nil {
		if n := acceptance.Covered(w, check.Saved.Findings); n > 0 {
			o.program.Note("it covers %s of %s", safetext.Plural(n, "finding", "findings"), o.report)
		} else if check.Saved.MayHide(w) {
			o.program.Note("it covers no finding of %s, which did not see everything that it may cover", o.report)
		} else {
			o.program.Warn("it covers no finding of %s", o.report)
		}
	}
	return nil
}

// entry is a waiver as a file has it.
func (o WaiverOptions) entry(w policies.Waiver) entries.Entry {
	e := entries.Entry{{Key: "rule", Value: w.Rule}, {Key: "token", Value: w.Token}}
	if w.Name != "" {
		e = append(e, entries.Field{Key: "name", Value: w.Name})
	}
	if w.Key != "" {
		e = append(e, entries.Field{Key: "key", Value: w.Key})
	}
	return append(e, o.signature()...)
}

// useful refuses a waiver that covers nothing, whatever there is.
func (o WaiverOptions) useful(w policies.Waiver, check acceptance.Check) error {
	if acceptance.Useless(w, check.Rules) == "" {
		return nil
	}
	if !slices.ContainsFunc(check.Rules, func(r policies.Rule) bool { return policies.Glob(w.Rule, r.ID) }) {
		return cli.Misuse(fmt.Errorf("unknown rule %q%s", w.Rule, orList(ruleid.DidYouMean(w.Rule, policies.IDs(check.Rules)))))
	}
	state, _ := check.Waiver(w)
	where := "; the JSON report and `tokenaudit explain` have it: add --key KEY"
	if check.Saved != nil {
		where = ": add --key with one of them"
	}
	return cli.Misuse(fmt.Errorf("the waiver %s%s", state, where))
}

// orList is the end of a message about a rule that is not near any other.
func orList(near string) string {
	if near == "" {
		return "; `tokenaudit rules list` lists them"
	}
	return near
}

// unlessWaived refuses a waiver that another one makes needless, and notes one that has
// expired. name is that of the token; empty where it is not known.
func (o WaiverOptions) unlessWaived(cfg *config.Config, w policies.Waiver, name string, rules []policies.Rule, now time.Time) error {
	if w.Name != "" {
		name = w.Name
	}
	needsKey := acceptance.Useless(policies.Waiver{Rule: w.Rule}, rules) != ""
	for _, old := range cfg.Waivers {
		covers := policies.Glob(old.Rule, w.Rule) && policies.Glob(old.Token, w.Token) &&
			(old.Name == "" || name != "" && policies.Glob(old.Name, name)) &&
			(old.Key == w.Key || old.Key == "" && !needsKey)
		switch {
		case !covers:
		case !expired(old.Expires, now):
			return fmt.Errorf("%s:%d: a waiver of %s for %s covers this already, until %s; change its expiry there", old.Origin.File, old.Origin.Line,
				old.Rule, safetext.OneLine(old.Token), old.Expires)
		case old.Rule == w.Rule && old.Token == w.Token:
			o.program.Note("%s:%d: the waiver that expired on %s can be removed", old.Origin.File, old.Origin.Line, old.Expires)
		}
	}
	return nil
}
