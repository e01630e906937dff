package report

// What the tests of package report_test need of the inside.
var (
	SchemaMember = object
)
