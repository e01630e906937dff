package regofile

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// allowedBuiltins is all of OPA that a rule may call: functions of their
// arguments alone, that end in a time bounded by the size of these or stop when
// cancelled. Whatever is new in OPA stays out until somebody adds it here and
// to the golden file of the test.
//
// Left out on purpose: what reaches out or reads files (http.send, net.*,
// opa.runtime, json.match_schema and json.verify_schema, whose $ref follows
// URLs and paths; time.date, time.clock, time.weekday, time.diff, time.format
// and time.parse_ns, which read the machine's time zones), what differs
// between two runs (time.now_ns, rand.*, uuid.*), what does not stop
// (bits.lsh, strings.render_template, yaml.*, graphql.*, regex.globs_match),
// and cryptography, which a rule about tokens has no use for.
var allowedBuiltins = []string{
	// comparison, assignment, membership
	"assign", "eq", "equal", "neq", "gt", "gte", "lt", "lte",
	"internal.member_2", "internal.member_3",
	// numbers
	"abs", "ceil", "div", "floor", "minus", "mul", "plus", "rem", "round",
	"numbers.range", "numbers.range_step", "format_int", "to_number",
	// aggregates
	"count", "max", "min", "product", "sort", "sum",
	// arrays, sets, objects
	"array.concat", "array.flatten", "array.reverse", "array.slice",
	"and", "intersection", "or", "union",
	"object.filter", "object.get", "object.keys", "object.remove", "object.subset", "object.union", "object.union_n",
	"json.filter", "json.remove", "walk",
	// text
	"concat", "contains", "endswith", "indexof", "indexof_n", "internal.template_string", "lower",
	"replace", "split", "sprintf", "startswith", "strings.any_prefix_match", "strings.any_suffix_match",
	"strings.count", "strings.replace_n", "strings.reverse", "strings.split_n", "substring",
	"trim", "trim_left", "trim_prefix", "trim_right", "trim_space", "trim_suffix", "upper",
	"glob.match", "glob.quote_meta",
	"regex.find_n", "regex.is_valid", "regex.match", "regex.replace", "regex.split",
	"json.is_valid", "json.marshal", "json.unmarshal",
	// types
	"is_array", "is_boolean", "is_null", "is_number", "is_object", "is_set", "is_string", "type_name",
	// times given as text; no clock, no time zones
	"time.add_date", "time.parse_duration_ns", "time.parse_rfc3339_ns",
	// the rule's own METADATA; print is erased unless a test asks for it
	"rego.metadata.chain", "rego.metadata.rule", "print", "internal.print",
}

// Allowed reports whether rules may call a built-in function.
func Allowed(builtin string) bool { return slices.Contains(allowedBuiltins, builtin) }

// forbidden reports whether OPA has a built-in function that rules may not call.
func forbidden(name string) bool { return ast.BuiltinMap[name] != nil && !Allowed(name) }

// Sandbox returns the capabilities of rules: the allowed built-ins, no network.
func Sandbox() *ast.Capabilities { return capabilities(allowedBuiltins) }

// SandboxForTests returns the capabilities of rules and what their tests may call besides.
func SandboxForTests() *ast.Capabilities {
	return capabilities(append(slices.Clone(allowedBuiltins), "internal.test_case"))
}

func capabilities(allowed []string) *ast.Capabilities {
	all := ast.CapabilitiesForThisVersion()
	builtins := make([]*ast.Builtin, 0, len(allowed))
	for _, builtin := range all.Builtins {
		if slices.Contains(allowed, builtin.Name) {
			builtins = append(builtins, builtin)
		}
	}
	all.Builtins = builtins
	all.AllowNet = []string{}
	return all
}
