package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/inputschema"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/manifest"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/metadata"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/message"
)

var schemaNames = []string{"config", "input", "inventory", "manifest", "message", "owners", "report", "reviews", "rules", "waivers"}

// schemaOptions are the flags and the argument of schema.
type schemaOptions struct {
	program *program.Program
	rulesOptions
	// name is one of schemaNames.
	name string
}

func newSchema(p *program.Program, run func(context.Context, schemaOptions) error) *cobra.Command {
	o := schemaOptions{program: p}
	cmd := &cobra.Command{
		Use:   "schema {config|input|inventory|manifest|message|owners|report|reviews|rules|waivers}",
		Short: "Print the JSON Schema of the configuration, the input of rules, the inventory, the manifest, the messages, the owners, the report, the reviews, the rule settings or the waivers",
		Long: `Schema prints a JSON Schema, for editors and other programs: draft 2020-12, and that of
the input draft 07, by which the engine checks rules.

  config     tokenaudit.yaml
  input      what a rule reads, for those who write rules
  inventory  what collect prints
  manifest   tokens.yaml
  message    what -o webhook writes
  owners     a file of what one team answers for
  report     what -o json writes
  reviews    a file of the reviews of one team
  rules      the section policies.rules of tokenaudit.yaml alone
  waivers    a file of what one team has waived and accepted

Custom rules are part of config and rules: those of --policy, and those of the
configuration that --config names.`,
		Example:   `  tokenaudit schema config > tokenaudit.schema.json`,
		ValidArgs: schemaNames,
		Args:      cli.TakesOne("schema", schemaNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVarP(&o.config, "config", "c", "", "the configuration `file` whose custom rules are part of the schema")
	cmd.Flags().StringArrayVar(&o.policies, "policy", nil, "a file, `folder` or bundle of custom rules (repeatable)")
	return cmd
}

func runSchema(ctx context.Context, o schemaOptions) error {
	text, err := schemaText(ctx, o)
	if err != nil {
		return err
	}
	_, err = o.program.Out.Write(text)
	return err
}

// schemaText returns the schema that is named.
func schemaText(ctx context.Context, o schemaOptions) ([]byte, error) {
	switch o.name {
	case "input":
		return inputschema.JSON(o.program.Registry.Definitions())
	case "inventory":
		return inventory.SchemaJSON(), nil
	case "manifest":
		return manifest.SchemaJSON(), nil
	case "message":
		return message.SchemaJSON(), nil
	case "owners":
		return config.OwnersSchema()
	case "reviews":
		return config.ReviewsSchema()
	case "waivers":
		return config.WaiversSchema()
	case "report":
		return report.SchemaJSON()
	}
	cfg := &config.Config{}
	if o.config != "" {
		var err error
		if cfg, err = o.program.Config(ctx, o.config, false); err != nil {
			return nil, err
		}
	}
	// What the configuration says of the rules is not asked: the schema is wanted
	// most when that is wrong.
	cfg.Settings = policies.Settings{}
	engine, err := program.Rules(ctx, cfg, o.policies, nil)
	if err != nil {
		return nil, err
	}
	model, _ := engine.Risk() // without settings it is not off
	settings := metadata.SettingsSchema(engine.Known(), model)
	if o.name == "config" {
		return config.Schema(o.program.Registry.Definitions(), settings)
	}
	settings["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	text, err := json.MarshalIndent(settings, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("print the schema: %w", err)
	}
	return append(text, '\n'), nil
}
