package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Server serves a handler on a loopback port.
type Server struct {
	listener net.Listener
	server   *http.Server
	cancel   context.CancelFunc
	done     chan struct{}
	err      error
}

// Serve starts to answer on a free port of 127.0.0.1. It ends when ctx does, or
// when Close is called; the caller owns it and calls Close, which waits.
func Serve(ctx context.Context, h http.Handler) (*Server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &Server{
		listener: listener,
		server: &http.Server{
			Handler:           h,
			ReadHeaderTimeout: 10 * time.Second,
			// Broken connections are part of the game: nobody wants to read of them.
			ErrorLog: log.New(io.Discard, "", 0),
			// A handler that hangs by design ends with the server.
			BaseContext: func(net.Listener) context.Context { return ctx },
		},
		cancel: cancel,
		done:   make(chan struct{}),
	}
	stop := context.AfterFunc(ctx, func() { _ = s.server.Close() })
	go func() {
		defer close(s.done)
		defer stop()
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.err = fmt.Errorf("serve on loopback: %w", err)
		}
	}()
	return s, nil
}

// URL is the scheme, host and port of the server, fit for base_url.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Close cuts all connections and waits until the server has ended. It may be
// called more than once, by one goroutine at a time.
func (s *Server) Close() error {
	s.cancel()
	err := s.server.Close()
	<-s.done
	return errors.Join(err, s.err)
}
