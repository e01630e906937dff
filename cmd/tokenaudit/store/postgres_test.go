//go:build linux

package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// cluster is a PostgreSQL of the test's own. It listens on a socket of a file system alone.
type cluster struct {
	dir    string
	stores int
}

// startPostgres starts one, of Debian's packages, that ends with the test.
func startPostgres(t *testing.T) *cluster {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		missing(t, "PostgreSQL is missing: Debian's package postgresql has it")
	}
	bin := found[len(found)-1]
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	data := filepath.Join(dir, "data")
	// A collation of people, which orders text otherwise than bytes: nothing may depend on it.
	initdb := exec.CommandContext(t.Context(), filepath.Join(bin, "initdb"), "-D", data, "-U", "tester", "-A", "trust", "--no-sync",
		"-E", "UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US")
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: notRoot(t, dir)}
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var said bytes.Buffer
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	// TOKENAUDIT_WORLDS keeps the stores of many worlds open.
	server := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB",
		"-c", "max_connections=1000")
	server.Stdout, server.Stderr = &said, &said
	server.SysProcAttr = &syscall.SysProcAttr{Credential: notRoot(t, dir), Pdeathsig: syscall.SIGQUIT}
	// This ends its children too, and does not wait for connections.
	server.Cancel = func() error { return server.Process.Signal(syscall.SIGQUIT) }
	if err := server.Start(); err != nil {
		stop()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = server.Wait()
		if t.Failed() {
			t.Logf("PostgreSQL said:\n%s", said.Bytes()[max(0, said.Len()-4000):])
		}
	})
	c := &cluster{dir: dir}
	c.wait(t)
	return c
}

// notRoot returns as whom PostgreSQL runs, which refuses to be root, and hands a folder to them.
func notRoot(t *testing.T, dir string) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		who, err = user.Lookup("nobody")
	}
	if err != nil {
		t.Fatal(err)
	}
	uid, errUID := strconv.ParseUint(who.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(who.Gid, 10, 32)
	if err := errors.Join(errUID, errGID, os.Chown(dir, int(uid), int(gid))); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func (c *cluster) connection() string { return "user=tester dbname=postgres host=" + c.dir }

// wait waits until it answers.
func (c *cluster) wait(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		err := c.do(t, "SELECT 1")
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// do runs a statement.
func (c *cluster) do(t *testing.T, statement string) error {
	t.Helper()
	db, err := sql.Open("pgx", c.connection())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.ExecContext(t.Context(), statement)
	return err
}

// place returns a schema that is empty.
func (c *cluster) place(t *testing.T) Place {
	t.Helper()
	c.stores++
	name := fmt.Sprint("store", c.stores)
	if err := c.do(t, "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	return Place{Postgres: c.connection() + " search_path=" + name}
}

func (c *cluster) store(t *testing.T) *Store {
	t.Helper()
	return opened(t, c.place(t))
}

// PostgreSQL says the same as the model, and exports the same bytes as SQLite.
func TestPostgres(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a server")
	}
	c := startPostgres(t)
	t.Run("model", func(t *testing.T) { historyAgainstModel(t, c.store, worlds(t, 1), days(10)) })
	t.Run("order", func(t *testing.T) { orderMakesNoDifference(t, c.store, worlds(t, 1), days(7)) })
	t.Run("past", func(t *testing.T) { pastAgainstInventories(t, c.store, worlds(t, 1), days(7)) })
	t.Run("prune", func(t *testing.T) { pruneKeepsWhatIsThere(t, c.store, worlds(t, 1), 16) })
	t.Run("pruned alike", func(t *testing.T) { prunedAlike(t, c.store, 10) })
	t.Run("failed write", func(t *testing.T) { failedWriteLeavesNothing(t, c.store(t)) })
	t.Run("busy", func(t *testing.T) { busyWriterIsAnError(t, c.place(t)) })
	t.Run("writers at once", func(t *testing.T) { writersAtOnceLoseNothing(t, c.place(t), 3) })
	t.Run("hostile text", func(t *testing.T) { hostileTextIsKept(t, c.store(t)) })
	t.Run("views", func(t *testing.T) { viewsAreAsDocumented(t, c.store(t)) })
	t.Run("another build", func(t *testing.T) { storeOfAnotherBuild(t, c.place) })
	t.Run("dashboard", func(t *testing.T) { dashboardSaysWhatIsSo(t, c) })
}
