package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"time"
)

// A task is what a child process is to do. It comes in the environment, as JSON.
type task struct {
	Role     string // "fakes", "light", "plain", "engine", "clone", "import"
	Import   bool   // the world is a ledger's own, and is imported
	Orders   int
	Pushed   int  // 1 of so many orders is one to push; 1: all
	Known    int  // of ten clients, how many the ledger knows beforehand
	Payments bool // the orders are paid, and the payments are booked
	Alike    bool // all orders say the same
	Servers  servers
	File     string        // of the engine's store
	Again    bool          // the engine's cursor is set back first
	Profile  string        // file for a profile
	Latency  time.Duration // of Xero
}

const taskVariable = "INVOICESYNC_BENCH_TASK"

// child does the task of this process, if it is one that bench has started.
func child() (handled bool, err error) {
	text, ok := os.LookupEnv(taskVariable)
	if !ok {
		return false, nil
	}
	var t task
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return true, err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch t.Role {
	case "fakes", "light":
		return true, serve(t)
	case "clone":
		return true, answer(usage{}, cloneLinks(ctx, t))
	case "plain":
		return true, answer(measured(t, func() (int, error) { return runPlain(ctx, t) }))
	case "import":
		return true, answer(measured(t, func() (int, error) { return runImport(ctx, t) }))
	case "engine":
		return true, answer(measured(t, func() (int, error) { return runEngine(ctx, t) }))
	}
	return true, fmt.Errorf("there is no role %q", t.Role)
}

func answer(u usage, err error) error {
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(u)
}

func (t task) command() (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), taskVariable+"="+string(b))
	cmd.Stderr = os.Stderr
	return cmd, nil
}

// run starts a client and returns what it has used.
func (t task) run() (usage, error) {
	var u usage
	cmd, err := t.command()
	if err != nil {
		return u, err
	}
	out, err := cmd.Output()
	if err != nil {
		return u, fmt.Errorf("bench: %s: %w", t.Role, err)
	}
	if err := json.Unmarshal(out, &u); err != nil {
		return u, fmt.Errorf("bench: %s answered %q: %w", t.Role, out, err)
	}
	return u, nil
}

// served starts servers of t's world, calls f with where they are, and stops them. It returns what they
// have counted.
func (t task) served(role string, f func(servers) error) (counts, error) {
	var c counts
	t.Role = role
	cmd, err := t.command()
	if err != nil {
		return c, err
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return c, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return c, err
	}
	if err := cmd.Start(); err != nil {
		return c, err
	}
	decode := json.NewDecoder(out)
	var s servers
	err = decode.Decode(&s)
	if err == nil {
		err = f(s)
	}
	in.Close() // the servers end with it
	if err == nil {
		err = decode.Decode(&c)
	}
	if ended := cmd.Wait(); err == nil {
		err = ended
	}
	if err != nil {
		return c, fmt.Errorf("bench: %s: %w", t.Role, err)
	}
	return c, nil
}

// untilClosed waits for the end of standard input.
func untilClosed() { _, _ = io.Copy(io.Discard, os.Stdin) }

// say prints v for the parent at once, as one line.
func say(v any) error {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(v); err != nil {
		return err
	}
	_, err := os.Stdout.Write(b.Bytes())
	return err
}
