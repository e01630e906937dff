package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/audit"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/evidence"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/explanation"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/lookup"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/engine"
	"github.com/tokenaudit/tokenaudit/policies/ruleid"
)

// explainOptions are the flags and arguments of explain.
type explainOptions struct {
	program *program.Program
	options.Read
	inventories []string
	at          string
	policies    []string
	previous    []string
	rule        string
	// store is the file of the history, which show tells, too.
	store string
	// subject is a token id, or a source id for a rule about sources.
	subject string
}

func newExplain(p *program.Program, run func(context.Context, explainOptions) error) *cobra.Command {
	o := explainOptions{program: p}
	cmd := &cobra.Command{
		Use:   "explain [RULE] TOKEN",
		Short: "Say why a rule gave a token its verdict, with the facts it rests on",
		Long: `Explain judges one token by one rule and says what decided, which facts the rule
used, and what is unknown. Without a rule it prints the verdicts of all rules, each
with its reason. TOKEN is the id of a token, the end of one, or a name that only one
token has; for a rule about sources it is that of a source.
It reads the configured sources, or saved inventories with --inventory.

show prints everything about a token: its facts and its risk, too.`,
		Example: `  tokenaudit explain unused-token datocms/projects/77/access_tokens/312
  tokenaudit explain unused-token access_tokens/312
  tokenaudit explain access_tokens/312
  tokenaudit explain --inventory inventory.json unused-token access_tokens/x`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return cli.Takes("RULE", "TOKEN")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.subject = args[len(args)-1]
			if len(args) > 1 {
				o.rule = args[0]
			}
			return run(cmd.Context(), o)
		},
	}
	o.bind(cmd)
	return cmd
}

// bind adds the flags that say where the token is looked for, and how it is judged.
func (o *explainOptions) bind(cmd *cobra.Command) {
	o.Bind(cmd)
	f := cmd.Flags()
	f.StringArrayVar(&o.inventories, "inventory", nil, "look in this saved inventory `file` instead of reading the sources (repeatable)")
	options.BindPrevious(f, &o.previous)
	f.StringVar(&o.at, "at", "", "the audit `time`, RFC 3339 or YYYY-MM-DD")
	f.StringArrayVar(&o.policies, "policy", nil, "a file, `folder` or bundle of custom rules (repeatable)")
}

func runExplain(ctx context.Context, o explainOptions) error {
	if o.rule == "" {
		_, err := printDossier(ctx, o, explanation.Verdicts)
		return err
	}
	s, err := o.find(ctx, o.rule)
	if err != nil {
		return err
	}
	verdict, err := s.engine.Explain(ctx, s.source, o.rule, s.id, s.at)
	if err != nil {
		return err
	}
	_, err = io.WriteString(o.program.Out, explanation.Text(verdict))
	return err
}

// explained is what explain and show are about: a token, or a source, where it was found,
// and what judges it at which moment.
type explained struct {
	config *config.Config
	engine *engine.Engine
	source inventory.Source
	id     string
	at     time.Time
}

// find looks for the subject, and loads the rules that are named, or all.
func (o explainOptions) find(ctx context.Context, rules ...string) (explained, error) {
	at, err := options.ParseTime("at", o.at)
	if err != nil {
		return explained{}, cli.Misuse(err)
	}
	if err := places.ReadOnce(places.InputsAs("an inventory", slices.Concat(o.inventories, o.previous))); err != nil {
		return explained{}, err
	}
	cfg, sources, err := explainedSources(ctx, o)
	if err != nil {
		return explained{}, err
	}
	loaded, err := program.Rules(ctx, cfg, o.policies, rules)
	if err != nil {
		return explained{}, err
	}
	if id := ruleid.Find(o.subject, policies.IDs(loaded.Known())); len(rules) == 0 && id != "" {
		return explained{}, cli.Misuse(fmt.Errorf("TOKEN is missing: %s is a rule", id))
	}
	outside, err := evidence.Read(ctx, o.program.Saved(), cfg, o.previous, audit.LaterOf(o.program.Now(), at), false)
	if err != nil {
		return explained{}, err
	}
	source, id, latest, err := lookup.Find(ctx, sources, o.subject)
	if err != nil {
		return explained{}, err
	}
	source, _ = outside.Apply(source)
	if at.IsZero() {
		at = latest
	}
	audit.WarnOfHindsight(o.program.Streams, at, latest)
	return explained{cfg, loaded, source, id, at}, nil
}

// explainedSources returns where to look: the saved inventories, else what the
// configuration reaches.
func explainedSources(ctx context.Context, o explainOptions) (*config.Config, program.Sources, error) {
	if len(o.inventories) == 0 {
		if _, err := os.Stat(config.DefaultFile); o.Config == "" && errors.Is(err, fs.ErrNotExist) {
			return nil, nil, cli.Misuse(fmt.Errorf("there is no %s: -c FILE names the configuration, and --inventory FILE a saved inventory, which `tokenaudit collect`, and scan and demo with --save-inventory, write", config.DefaultFile))
		}
		r, err := o.program.Collection(ctx, o.Read)
		if err != nil {
			return nil, nil, err
		}
		// Where the id tells the CMS, the others need not be asked.
		cms, _, ok := strings.Cut(o.subject, "/")
		if ok && len(o.Sources) == 0 && slices.ContainsFunc(r.Config.Sources, func(s config.Source) bool { return cms == s.Entry.CMS || cms == s.Entry.Name }) {
			r.Options.Sources = []string{cms + "/*"}
		}
		return r.Config, r.Collect, nil
	}
	wanted, err := options.ParseLabels(o.Labels)
	if err != nil {
		return nil, nil, err
	}
	if len(o.Sources) > 0 {
		return nil, nil, cli.Misuse(errors.New("--source and --inventory contradict each other: an inventory is searched whole"))
	}
	cfg, err := o.program.Config(ctx, o.Config, true)
	if err != nil {
		return nil, nil, err
	}
	files, err := o.program.Saved().Inventories(ctx, o.inventories)
	if err != nil {
		return nil, nil, err
	}
	return cfg, func(ctx context.Context, take func(inventory.Source) error) error {
		search := labels.Search{Selector: wanted}
		err := files.Read(ctx, func(s inventory.Source) error {
			if !search.Wants(s.Labels) {
				return nil
			}
			return take(s)
		})
		if err == nil {
			o.program.WarnAll(search.Warnings())
		}
		return errors.Join(err, files.Close())
	}, nil
}
