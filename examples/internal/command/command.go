// Package command is what the command lines of the examples have in common: how they fail, where they keep their
// files, and how they name servers.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// The exit codes.
const (
	Done   = 0
	Failed = 1
	Usage  = 2
)

// A UsageError is about the command line: the exit code is [Usage].
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

// Usagef returns a [UsageError].
func Usagef(format string, args ...any) error { return &UsageError{fmt.Errorf(format, args...)} }

// Exit tells how a program has ended, and returns its exit code. again says how to go on after a Ctrl-C, which is
// no failure of anything.
func Exit(ctx context.Context, name, again string, err error, out io.Writer) int {
	var usage *UsageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return Done
	case ctx.Err() != nil:
		if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			fmt.Fprintf(out, "%s: %v\n", name, err)
		}
		fmt.Fprintln(out, "stopped; "+again)
		return Failed
	}
	fmt.Fprintf(out, "%s: %v\n", name, err)
	if errors.As(err, &usage) {
		return Usage
	}
	return Failed
}

// Parse parses the flags, and returns those that stand on the command line. An empty one is refused: a variable
// of the shell that was not set must not widen what is done.
func Parse(f *flag.FlagSet, args []string, help io.Writer) (given map[string]bool, err error) {
	f.SetOutput(io.Discard)
	err = f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		f.SetOutput(help)
		f.Usage()
		return nil, err
	case err != nil:
		return nil, Usagef("%w; -help lists the flags", err)
	case f.NArg() > 0:
		return nil, Usagef("%q is no flag; -help lists them", f.Arg(0))
	}
	given = map[string]bool{}
	var empty []string
	f.Visit(func(f *flag.Flag) {
		given[f.Name] = true
		if f.Value.String() == "" {
			empty = append(empty, f.Name)
		}
	})
	if len(empty) > 0 {
		return nil, Usagef("-%s is empty; give it a value, or leave it out", empty[0])
	}
	return given, nil
}

// Server checks the URL of a flag and leaves scheme and host of it: the vendors' paths stay. An empty one is none.
func Server(flag string, at *string) (host string, err error) {
	if *at == "" {
		return "", nil
	}
	u, err := url.Parse(*at)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", Usagef("-%s %q is no URL; write it like https://api.example.com", flag, *at)
	}
	*at = u.Scheme + "://" + u.Host
	return strings.ToLower(u.Hostname()), nil
}

// Under reports whether a host belongs to a domain.
func Under(host, domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }

// Loopback reports whether a host is this machine.
func Loopback(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

// Place finds the file that -db names, or makes a folder for one: then it is temporary.
func Place(db *string, program string) (temporary bool, err error) {
	if *db == "" {
		dir, err := os.MkdirTemp("", "invoicesync-"+program+"-")
		if err != nil {
			return false, fmt.Errorf("a temporary folder cannot be made; name a file with -db: %w", err)
		}
		*db = filepath.Join(dir, program+".db")
		return true, nil
	}
	if strings.HasPrefix(*db, ":") || strings.HasPrefix(*db, "file:") {
		return false, Usagef("-db %s: name a file, like shop.db; without -db a temporary one is made", *db)
	}
	if info, err := os.Stat(*db); err == nil && info.IsDir() {
		return false, Usagef("-db %s is a folder; name a file in it, like %s", *db, filepath.Join(*db, "shop.db"))
	}
	if info, err := os.Stat(filepath.Dir(*db)); err != nil || !info.IsDir() {
		return false, Usagef("-db %s: there is no folder %s; make it first", *db, filepath.Dir(*db))
	}
	return false, nil
}
