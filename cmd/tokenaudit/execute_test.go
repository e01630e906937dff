package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// outcome is what one command line came to.
type outcome struct {
	code     int
	out, err string
}

// execute runs a command line in-process with the fixture's credentials.
func (f *fixture) execute(ctx context.Context, args ...string) outcome {
	var out, errs bytes.Buffer
	code := run(ctx, ioStreams{
		environ: f.environ, in: strings.NewReader(""), out: &out, err: &errs,
		transport: f.transport, random: f.random, unpaced: true, now: func() time.Time { return noon },
	}, args)
	return outcome{code, out.String(), errs.String()}
}

// inBubble runs a subtest against the fixture over a network that exists only
// in memory, in a synctest bubble: whatever the program waits for takes no time.
func inBubble(t *testing.T, name string, test func(*testing.T, *fixture)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Chdir(t.TempDir())
		synctest.Test(t, func(t *testing.T) {
			f := buildFixture()
			network := pipes{}
			for cms, handler := range f.cms {
				// The port is the name: nothing listens there.
				address := map[string]string{"contentful": "127.0.0.1:1", "contentstack": "127.0.0.1:2", "datocms": "127.0.0.1:3"}[cms]
				f.url[cms] = "http://" + address
				listener := make(pipe)
				network[address] = listener
				server := &http.Server{Handler: handler}
				go func() { _ = server.Serve(listener) }()
				defer server.Close()
			}
			transport := &http.Transport{DialContext: network.dial}
			defer transport.CloseIdleConnections()
			f.transport = transport
			write(t, "tokenaudit.yaml", f.config())
			test(t, f)
		})
	})
}

// pipes is a network of in-memory connections, by address.
type pipes map[string]pipe

func (p pipes) dial(ctx context.Context, _, address string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p[address] <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// pipe is a listener of in-memory connections.
type pipe chan net.Conn

func (p pipe) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (p pipe) Close() error {
	close(p)
	return nil
}

func (pipe) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
