// Package instance is what the collectors of self-hosted CMSes share: an entry
// of the configuration is one server, whose name the user chooses, and a server
// is one source.
package instance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The options that every self-hosted CMS has.
const (
	OptionName    = "name"
	OptionBaseURL = "base_url"
	OptionFolder  = "folder"
)

// Options returns the declarations of the three, with an example name.
func Options(example string) []collectors.Option {
	return []collectors.Option{
		{
			Key: OptionName, Type: collectors.OptionString, Required: true, Example: example,
			Help: "A name of your choice for this server; it is part of every id, so do not change it.",
		},
		{
			Key: OptionBaseURL, Type: collectors.OptionString, Required: true, Example: "https://" + example + ".example.com", Placeholder: true,
			Help: "Scheme, host and port of the server.",
		},
		{
			Key: OptionFolder, Type: collectors.OptionString, Example: "/" + example,
			Help: "The path under which the server is reached, if it is not at the root of its host.",
		},
	}
}

// Setup says how the servers of a CMS are asked.
type Setup struct {
	CMS   string
	Facts inventory.Facts
	// Credential is the key of the option that holds the secret.
	Credential string
	// Authorize sets the headers that carry the credential.
	Authorize func(h http.Header)
	// Rate is in requests a second; Burst is how many may leave at once.
	Rate  float64
	Burst int
	// Page is the path of the page on which a person sees the tokens.
	Page string
	// Classify reads the error body of a failed request; see cmsapi.Config.
	Classify func(cmsapi.Failure) *cmsapi.Error
}

// Server is the one server of an entry. It implements all of collectors.Collector
// but Collect, for which Fill is made.
type Server struct {
	Entry  collectors.Entry
	Run    collectors.Run
	Client *cmsapi.Client
	setup  Setup
	folder string
	// domain is the rate-limit domain of all requests.
	domain string
}

var (
	_ collectors.EntryDomainer = (*Server)(nil)
	_ collectors.DomainNamer   = (*Server)(nil)
)

// Open makes the server of an entry. It sends nothing. The errors say which
// option is missing.
func Open(entry collectors.Entry, run collectors.Run, setup Setup) (*Server, error) {
	if entry.Name == "" {
		entry.Name = entry.String(OptionName)
	}
	credential := entry.Secret(setup.Credential)
	switch {
	case entry.Name == "":
		return nil, errors.New(OptionName + " is missing")
	case entry.BaseURL == "":
		return nil, errors.New(OptionBaseURL + " is missing")
	case credential.Empty():
		return nil, errors.New(setup.Credential + " is missing")
	}
	folder := strings.TrimRight(entry.String(OptionFolder), "/")
	if folder != "" && !folderPattern.MatchString(folder) {
		return nil, errors.New(OptionFolder + " is not a path such as /blog")
	}
	s := &Server{Entry: entry, Run: run, setup: setup, folder: folder}
	s.domain = cmsapi.Path(setup.CMS+"/{}/{}", hostOf(entry.BaseURL), credential.Fingerprint())
	var err error
	s.Client, err = run.API.Client(cmsapi.Config{
		CMS:               setup.CMS,
		BaseURL:           entry.BaseURL,
		Folder:            folder,
		Authorize:         setup.Authorize,
		Limit:             cmsapi.Limit{Domain: s.domain, Rate: setup.Rate, Burst: setup.Burst},
		RequestsPerSecond: entry.RequestsPerSecond,
		Timeout:           entry.Timeout,
		Classify:          setup.Classify,
	})
	return s, err
}

// folderPattern allows nothing that would have to be escaped, and no segment
// that begins with a dot: a path never leads upwards.
var folderPattern = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$`)

func hostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	return u.Host
}

// EntryDomain implements collectors.EntryDomainer.
func (s *Server) EntryDomain() string { return s.domain }

// Domain implements collectors.DomainNamer.
func (s *Server) Domain(inventory.Source) string { return s.domain }

// Discover implements collectors.Collector. It sends nothing: the server is the
// source, and its name is configured.
func (s *Server) Discover(context.Context) ([]inventory.Source, error) {
	return []inventory.Source{s.Source()}, nil
}

// Source is the source before anything is read of it.
func (s *Server) Source() inventory.Source {
	return inventory.Source{
		ID:         cmsapi.Path(s.setup.CMS+"/instances/{}", s.Entry.Name),
		CMS:        s.setup.CMS,
		Kind:       inventory.KindInstance,
		Name:       s.Entry.Name,
		Host:       s.Client.Host(),
		Labels:     s.Entry.Labels,
		URL:        s.Page(s.setup.Page),
		Facts:      s.setup.Facts,
		NeverAfter: s.Entry.NeverAfter,
		Origin:     s.Entry.Origin,
	}
}

// Page is the address of a page of the server, for a person to open.
func (s *Server) Page(path string) string {
	return strings.TrimRight(s.Entry.BaseURL, "/") + s.folder + path
}

// Asked is the path that a request for path asks, as errors name it: below the
// folder.
func (s *Server) Asked(path string) string { return s.folder + path }

// Unit makes the unit of what is read from path; see cmsapi.UnitOf. An error that
// names no path gets the one that was asked.
func (s *Server) Unit(name, path string, kinds []inventory.Kind, some bool, err error) inventory.Unit {
	return cmsapi.UnitOf(name, kinds, some, cmsapi.AsError(err).At(s.Asked(path)))
}

// Fill is Collect for a collector that reads by read: the source is stamped
// first, and brought into its fixed order afterwards.
func (s *Server) Fill(ctx context.Context, source inventory.Source, read func(context.Context, inventory.Source) inventory.Source) (inventory.Source, error) {
	if want := s.Source().ID; source.ID != want {
		return source, fmt.Errorf("%s is not a source of this entry", source.ID)
	}
	source = read(ctx, s.Stamp(source))
	source.Normalise()
	return source, ctx.Err()
}

// Stamp sets when a source is collected.
func (s *Server) Stamp(source inventory.Source) inventory.Source {
	source.CollectedAt = s.Run.Now().UTC()
	return source
}

// Scope is the scope of a token of a CMS without environments: it opens the
// whole server. reason says that there are none.
func Scope(source inventory.Source, reason string) inventory.Scope {
	scope := inventory.NewScope(inventory.ScopeItem{ID: source.Name, Primary: inventory.Yes, Exists: inventory.Yes})
	scope.Reason = reason
	return scope
}

// UnknownAuditor is what is known of a credential when nothing is, for reason.
func UnknownAuditor(reason string) inventory.Auditor {
	return inventory.Auditor{ReadsSecrets: inventory.Unknown, Writes: inventory.Unknown, Necessary: inventory.Unknown, Detail: reason}
}
