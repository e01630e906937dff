package config

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/redact"
)

// Source is one source entry. Its secrets are references until Entries
// resolves them; Entry.Values has no key for them yet.
type Source struct {
	Entry   collectors.Entry
	secrets []secretRef
}

// commonOptions are the keys that every source entry takes, whatever its CMS.
// A definition may declare one of them again, to require it or explain it better.
func commonOptions() []collectors.Option {
	return []collectors.Option{
		{Key: "base_url", Type: collectors.OptionString, Help: "Scheme, host and port of the API, when it is not the CMS's own."},
		{Key: "labels", Type: OptionLabels, Help: "Free labels that reports show with the source, and that --label selects by."},
		{Key: "exclude", Type: collectors.OptionStrings, Help: "Globs on ids and names of sources to leave out."},
		{Key: "requests_per_second", Type: OptionNumber, Help: "Lowers the rate of requests below the default."},
		{Key: "timeout", Type: OptionDuration, Help: "Bounds one request, such as 30s."},
		{Key: "never_after", Type: OptionDate, Help: "An expiry from this date on counts as never."},
	}
}

// The types of common options that no collector declares.
const (
	OptionLabels   collectors.OptionType = "labels"
	OptionNumber   collectors.OptionType = "number"
	OptionDuration collectors.OptionType = "duration"
	OptionDate     collectors.OptionType = "date"
)

// OptionsOf returns all keys of an entry of a CMS apart from cms: its own in the
// order they are declared, then the common ones.
func OptionsOf(d collectors.Definition) []collectors.Option {
	out := slices.Clone(d.Options)
	for _, o := range commonOptions() {
		if !slices.ContainsFunc(d.Options, func(own collectors.Option) bool { return own.Key == o.Key }) {
			out = append(out, o)
		}
	}
	return out
}

func keysOf(options []collectors.Option) []string {
	keys := make([]string, len(options))
	for i, o := range options {
		keys[i] = o.Key
	}
	return keys
}

// sources reads the list of source entries.
func (r *reader) sources(n *yaml.Node, definitions []collectors.Definition) []Source {
	var out []Source
	seen := map[string]*Source{}
	paths := map[string]string{}
	for i, e := range r.sequence(n, "sources") {
		path := index("sources", i)
		before := len(r.errs)
		s, ok := r.source(e, path, definitions)
		if !ok || len(r.errs) > before {
			continue
		}
		for _, key := range identities(s) {
			if first := seen[key]; first != nil {
				r.fail(e, path, "the same source as %s on line %d; remove one of them", paths[key], first.Entry.Origin.Line)
				break
			}
			seen[key], paths[key] = &s, path
		}
		out = append(out, s)
	}
	return out
}

func (r *reader) source(n *yaml.Node, path string, definitions []collectors.Definition) (Source, bool) {
	m, ok := r.mapping(n, path, nil)
	if !ok {
		return Source{}, false
	}
	names := make([]string, len(definitions))
	for i, d := range definitions {
		names[i] = d.CMS
	}
	cms := m.required("cms", "it names the kind of system: "+list(names, "or"))
	if cms == nil {
		return Source{}, false
	}
	i := slices.Index(names, r.oneOf(cms, m.at("cms"), names))
	if i < 0 {
		return Source{}, false
	}
	options := OptionsOf(definitions[i])
	r.unknownKeys(n, m, append([]string{"cms"}, keysOf(options)...))
	s := Source{Entry: collectors.Entry{CMS: names[i], Origin: r.origin(n)}}
	object := objectReader{r: r, cms: names[i], secrets: &s.secrets}
	s.Entry.Values = object.read(m, options)
	r.groups(m, definitions[i])
	s.common(m)
	return s, true
}

// unknownKeys checks the keys of an entry once its CMS is known.
func (r *reader) unknownKeys(n *yaml.Node, m *mapping, known []string) {
	n = r.follow(n)
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key := r.follow(n.Content[i]).Value; m.fields[key] != nil && !slices.Contains(known, key) {
			m.misspelt = true
			r.fail(n.Content[i], m.at(key), "unknown key%s", didYouMean(key, known))
		}
	}
}

// groups checks the options of which one must be given.
func (r *reader) groups(m *mapping, d collectors.Definition) {
	if m.misspelt {
		return
	}
	for _, group := range d.OneOf {
		switch given := m.given(group); len(given) {
		case 0:
			r.failLine(m.line, m.path, "one of %s is missing", list(group, "or"))
		case 1:
		default:
			r.failLine(m.line, m.path, "give only one of %s", list(given, "and"))
		}
	}
	for _, group := range d.AnyOf {
		if len(m.given(group)) == 0 {
			r.failLine(m.line, m.path, "%s is missing", list(group, "or"))
		}
	}
}

func (m *mapping) given(keys []string) []string {
	var out []string
	for _, key := range keys {
		if m.fields[key] != nil {
			out = append(out, key)
		}
	}
	return out
}

// common fills the fields of the entry that every CMS shares.
func (s *Source) common(m *mapping) {
	r, e := m.r, &s.Entry
	e.Name = e.String("name")
	e.BaseURL = e.String("base_url")
	e.Exclude = e.Strings("exclude")
	if n := m.get("base_url"); n != nil && e.BaseURL != "" {
		e.BaseURL = r.baseURL(n, m.at("base_url"), e.BaseURL)
	}
	if n := m.get("labels"); n != nil {
		e.Labels = r.labels(n, m.at("labels"))
	}
	if n := m.get("requests_per_second"); n != nil {
		e.RequestsPerSecond = r.positive(n, m.at("requests_per_second"), 1000)
	}
	if n := m.get("timeout"); n != nil {
		e.Timeout = r.duration(n, m.at("timeout"))
	}
	if n := m.get("never_after"); n != nil {
		e.NeverAfter = r.date(n, m.at("never_after"))
	}
	delete(e.Values, "base_url")
	delete(e.Values, "exclude")
}

func (r *reader) labels(n *yaml.Node, path string) map[string]string {
	m, ok := r.mapping(n, path, nil)
	if !ok {
		return nil
	}
	out := make(map[string]string, len(m.keys))
	for _, key := range m.keys {
		if redact.Known(key) {
			r.fail(m.fields[key], path, "a key looks like a literal secret")
		}
		out[key] = r.word(m.fields[key], m.at(key))
	}
	return out
}

// baseURL checks scheme, host and port, and returns the URL without a trailing slash.
func (r *reader) baseURL(n *yaml.Node, path, value string) string {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		r.fail(n, path, "must be a URL such as https://cms.example.com")
	case u.User != nil:
		r.fail(n, path, "must not hold a user or a password")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		r.fail(n, path, "must be scheme, host and port only; the collector adds the paths of the API")
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return u.Scheme + "://" + u.Host
	case u.Scheme == "http":
		r.fail(n, path, "must begin with https://; http:// would send the credential in the clear and is allowed on loopback only")
	default:
		r.fail(n, path, "must begin with https://")
	}
	return ""
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// identities returns what no two entries may share: what they read and with which
// credential, and the name that the ids of a self-hosted instance are made of.
func identities(s Source) []string {
	e := s.Entry
	keys := []string{"entry\x00" + e.CMS + "\x00" + e.BaseURL + "\x00" + fingerprint(e.Values, s.secrets)}
	if e.Name != "" {
		keys = append(keys, "name\x00"+e.CMS+"\x00"+e.Name)
	}
	return keys
}
