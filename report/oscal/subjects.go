package oscal

import (
	"cmp"
	"iter"

	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// components returns the sources, and those that only findings of the baseline name.
func (d *results) components() iter.Seq[component] {
	return func(yield func(component) bool) {
		seen := map[string]bool{}
		for i := range d.r.Sources {
			seen[d.r.Sources[i].ID] = true
			if !yield(sourceComponent(&d.r.Sources[i])) {
				return
			}
		}
		for f := range d.findings() {
			if seen[f.Source] {
				continue
			}
			seen[f.Source] = true
			var p props
			p.add("source", f.Source)
			p.add("cms", f.CMS)
			if !yield(component{
				UUID: identify("source", f.Source), Type: "service", Title: line(f.Source), Description: "A source of the earlier run that this run did not read.",
				Props: p, Status: notAssessed(),
			}) {
				return
			}
		}
	}
}

func sourceComponent(s *report.Source) component {
	var p props
	p.add("source", s.ID)
	p.add("cms", s.CMS)
	p.add("kind", string(s.Kind))
	p.add("host", s.Host)
	p.add("team", s.Team)
	for _, label := range labels.Texts(s.Labels) {
		p.add("label", label)
	}
	return component{
		UUID: identify("source", s.ID), Type: "service", Title: line(cmp.Or(s.Name, s.ID)),
		Description: prose("A source of API tokens: " + s.ID + ", with " + safetext.Plural(s.Tokens, "token", "tokens") + " read."),
		Props:       p, Links: links(s.URL), Status: notAssessed(),
	}
}

// notAssessed is the state of a component, of which an audit of tokens says nothing.
func notAssessed() componentStatus {
	return componentStatus{State: "other", Remarks: "Whether the source is in operation was not assessed."}
}

// links returns the page of a source or a token, if it is safe to follow.
func links(url string) []link {
	if url = safetext.SafeURL(url); url == "" {
		return nil
	}
	return []link{{Href: url}}
}

// inventoryItems returns the tokens that findings are about, each once.
func (d *results) inventoryItems() iter.Seq[inventoryItem] {
	return func(yield func(inventoryItem) bool) {
		seen := map[string]bool{}
		for f := range d.findings() {
			if f.Token == "" || seen[f.Token] {
				continue
			}
			seen[f.Token] = true
			if !yield(tokenItem(f)) {
				return
			}
		}
	}
}

func tokenItem(f *report.Finding) inventoryItem {
	var p props
	p.add("token", f.Token)
	p.add("kind", string(f.Kind))
	p.add("access", string(f.Access))
	p.add("team", f.Team)
	p.add("planned", string(f.Planned))
	if f.Owner != nil {
		p.add("owner", cmp.Or(f.Owner.Name, f.Owner.ID))
		p.add("owner-state", string(f.Owner.State))
	}
	return inventoryItem{
		UUID: identify("token", f.Token), Description: prose(cmp.Or(f.TokenName, f.Token)), Props: p, Links: links(f.URL),
		Components: []implementation{{identify("source", f.Source)}},
	}
}

// subjectOf returns the token that a finding is about, or else its source.
func subjectOf(f *report.Finding) []subject {
	if f.Token == "" {
		return sourceSubject(f.Source)
	}
	return []subject{{identify("token", f.Token), "inventory-item"}}
}

func sourceSubject(source string) []subject {
	return []subject{{identify("source", source), "component"}}
}

// assets is tokenaudit itself.
func (d *results) assets() assessmentAssets {
	tool := component{
		UUID: d.tool, Type: "software", Title: "tokenaudit", Description: "An auditor of API tokens that only reads.", Status: componentStatus{State: "operational"},
	}
	if version := value(d.r.Tool.Version); version != "" {
		tool.Props = []property{{Name: "version", Value: version}}
	}
	return assessmentAssets{
		Components: []component{tool},
		Platforms:  []platform{{UUID: identify("platform"), Title: "tokenaudit", Uses: []implementation{{d.tool}}}},
	}
}
