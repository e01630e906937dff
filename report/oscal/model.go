package oscal

// What follows is the part of the model of OSCAL 1.2.2 that is written. Names and
// meanings are NIST's: https://pages.nist.gov/OSCAL-Reference/models/v1.2.2/assessment-results/

// property is a name and a value. Without an NS, the name is one of OSCAL's own.
type property struct {
	Name    string `json:"name"`
	NS      string `json:"ns,omitempty"`
	Value   string `json:"value"`
	Class   string `json:"class,omitempty"`
	Remarks string `json:"remarks,omitempty"`
}

type link struct {
	Href string `json:"href"`
}

type metadata struct {
	Title        string     `json:"title"`
	LastModified string     `json:"last-modified"`
	Version      string     `json:"version"`
	OSCALVersion string     `json:"oscal-version"`
	Props        []property `json:"props,omitempty"`
}

type importPlan struct {
	Href    string `json:"href"`
	Remarks string `json:"remarks"`
}

// component is a source, or the tool.
type component struct {
	UUID        string          `json:"uuid"`
	Type        string          `json:"type"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Props       []property      `json:"props,omitempty"`
	Links       []link          `json:"links,omitempty"`
	Status      componentStatus `json:"status"`
}

type componentStatus struct {
	State   string `json:"state"`
	Remarks string `json:"remarks,omitempty"`
}

// inventoryItem is a token.
type inventoryItem struct {
	UUID        string           `json:"uuid"`
	Description string           `json:"description"`
	Props       []property       `json:"props,omitempty"`
	Links       []link           `json:"links,omitempty"`
	Components  []implementation `json:"implemented-components"`
}

type implementation struct {
	Component string `json:"component-uuid"`
}

type assessmentAssets struct {
	Components []component `json:"components"`
	Platforms  []platform  `json:"assessment-platforms"`
}

type platform struct {
	UUID  string           `json:"uuid"`
	Title string           `json:"title"`
	Uses  []implementation `json:"uses-components"`
}

type reviewedControls struct {
	Description string             `json:"description,omitempty"`
	Selections  []controlSelection `json:"control-selections"`
}

type controlSelection struct {
	Description string            `json:"description"`
	Props       []property        `json:"props"`
	Controls    []selectedControl `json:"include-controls"`
}

type selectedControl struct {
	ID string `json:"control-id"`
}

type observation struct {
	UUID        string     `json:"uuid"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Props       []property `json:"props,omitempty"`
	Methods     []string   `json:"methods"`
	Types       []string   `json:"types"`
	Subjects    []subject  `json:"subjects,omitempty"`
	Evidence    []evidence `json:"relevant-evidence,omitempty"`
	Collected   string     `json:"collected"`
	Remarks     string     `json:"remarks,omitempty"`
}

type subject struct {
	UUID string `json:"subject-uuid"`
	Type string `json:"type"`
}

type evidence struct {
	Description string `json:"description"`
}

type risk struct {
	UUID             string               `json:"uuid"`
	Title            string               `json:"title"`
	Description      string               `json:"description"`
	Statement        string               `json:"statement"`
	Props            []property           `json:"props,omitempty"`
	Links            []link               `json:"links,omitempty"`
	Status           string               `json:"status"`
	Characterization []characterization   `json:"characterizations"`
	Deadline         string               `json:"deadline,omitempty"`
	Remediations     []response           `json:"remediations,omitempty"`
	Observations     []relatedObservation `json:"related-observations,omitempty"`
}

type characterization struct {
	Origin origin  `json:"origin"`
	Facets []facet `json:"facets"`
}

type origin struct {
	Actors []actor `json:"actors"`
}

type actor struct {
	Type string `json:"type"`
	UUID string `json:"actor-uuid"`
}

type facet struct {
	Name   string `json:"name"`
	System string `json:"system"`
	Value  string `json:"value"`
}

// response is what is to be done about a risk, or who accepted it.
type response struct {
	UUID        string     `json:"uuid"`
	Lifecycle   string     `json:"lifecycle"`
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Props       []property `json:"props,omitempty"`
}

// finding is what the rules say of a control.
type finding struct {
	UUID         string               `json:"uuid"`
	Title        string               `json:"title"`
	Description  string               `json:"description"`
	Props        []property           `json:"props"`
	Origins      []origin             `json:"origins"`
	Target       target               `json:"target"`
	Observations []relatedObservation `json:"related-observations,omitempty"`
	Risks        []relatedRisk        `json:"related-risks,omitempty"`
}

type target struct {
	Type   string `json:"type"`
	ID     string `json:"target-id"`
	Status status `json:"status"`
}

type status struct {
	State   string `json:"state"`
	Reason  string `json:"reason"`
	Remarks string `json:"remarks"`
}

type relatedObservation struct {
	UUID string `json:"observation-uuid"`
}

type relatedRisk struct {
	UUID string `json:"risk-uuid"`
}

type resource struct {
	UUID        string         `json:"uuid"`
	Title       string         `json:"title"`
	Description string         `json:"description"`
	Props       []property     `json:"props,omitempty"`
	Links       []resourceLink `json:"rlinks,omitempty"`
}

type resourceLink struct {
	Href   string `json:"href"`
	Hashes []hash `json:"hashes"`
}

type hash struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"value"`
}
