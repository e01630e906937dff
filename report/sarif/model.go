package sarif

// The parts of SARIF 2.1.0 that are written. Optional members are left out when
// empty: GitHub refuses empty strings.

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool              sarifTool         `json:"tool"`
	AutomationDetails sarifAutomation   `json:"automationDetails"`
	Invocations       []sarifInvocation `json:"invocations"`
	Taxonomies        []sarifComponent  `json:"taxonomies,omitempty"`
	ColumnKind        string            `json:"columnKind"`
	// Results is never nil: GitHub refuses null.
	Results    []sarifResult  `json:"results"`
	Properties map[string]any `json:"properties,omitempty"`
}

type sarifTool struct {
	Driver sarifComponent `json:"driver"`
}

// sarifComponent is the tool itself, or a taxonomy.
type sarifComponent struct {
	Name                string            `json:"name"`
	Version             string            `json:"version,omitempty"`
	InformationURI      string            `json:"informationUri,omitempty"`
	Organization        string            `json:"organization,omitempty"`
	ShortDescription    *sarifText        `json:"shortDescription,omitempty"`
	Rules               []sarifDescriptor `json:"rules,omitzero"`
	Notifications       []sarifDescriptor `json:"notifications,omitempty"`
	Taxa                []sarifDescriptor `json:"taxa,omitempty"`
	SupportedTaxonomies []sarifReference  `json:"supportedTaxonomies,omitempty"`
}

// sarifDescriptor describes a rule, a kind of notification, or a taxon.
type sarifDescriptor struct {
	ID               string              `json:"id"`
	Name             string              `json:"name,omitempty"`
	ShortDescription *sarifText          `json:"shortDescription,omitempty"`
	FullDescription  *sarifText          `json:"fullDescription,omitempty"`
	Help             *sarifText          `json:"help,omitempty"`
	HelpURI          string              `json:"helpUri,omitempty"`
	Default          *sarifConfiguration `json:"defaultConfiguration,omitempty"`
	Relationships    []sarifRelationship `json:"relationships,omitempty"`
	Properties       map[string]any      `json:"properties,omitempty"`
}

type sarifConfiguration struct {
	Level string  `json:"level"`
	Rank  float64 `json:"rank,omitempty"`
}

type sarifRelationship struct {
	Target sarifReference `json:"target"`
	Kinds  []string       `json:"kinds"`
}

// sarifReference points to a descriptor or to a component, by index.
type sarifReference struct {
	ID            string          `json:"id,omitempty"`
	Name          string          `json:"name,omitempty"`
	Index         int             `json:"index"`
	ToolComponent *sarifReference `json:"toolComponent,omitempty"`
}

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifAutomation struct {
	ID string `json:"id"`
}

type sarifInvocation struct {
	ExecutionSuccessful bool                `json:"executionSuccessful"`
	Notifications       []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Descriptor sarifReference  `json:"descriptor"`
	Rule       *sarifReference `json:"associatedRule,omitempty"`
	Level      string          `json:"level"`
	Message    sarifText       `json:"message"`
}

type sarifResult struct {
	RuleID              string             `json:"ruleId"`
	RuleIndex           int                `json:"ruleIndex"`
	Kind                string             `json:"kind"`
	Level               string             `json:"level"`
	Rank                float64            `json:"rank"`
	Message             sarifText          `json:"message"`
	Locations           []sarifLocation    `json:"locations"`
	RelatedLocations    []sarifLocation    `json:"relatedLocations,omitempty"`
	PartialFingerprints map[string]string  `json:"partialFingerprints"`
	HostedViewerURI     string             `json:"hostedViewerUri,omitempty"`
	BaselineState       string             `json:"baselineState,omitempty"`
	Suppressions        []sarifSuppression `json:"suppressions,omitzero"`
	Properties          map[string]any     `json:"properties"`
}

type sarifSuppression struct {
	Kind          string         `json:"kind"`
	Status        string         `json:"status"`
	Justification string         `json:"justification"`
	Location      *sarifLocation `json:"location,omitempty"`
}

type sarifLocation struct {
	ID       int            `json:"id,omitempty"`
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	Message  *sarifText     `json:"message,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn"`
	EndLine     int `json:"endLine"`
	EndColumn   int `json:"endColumn"`
}

type sarifLogical struct {
	Name               string `json:"name,omitempty"`
	FullyQualifiedName string `json:"fullyQualifiedName"`
	Kind               string `json:"kind"`
}
