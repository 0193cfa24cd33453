package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// usage is what a client's process has used.
type usage struct {
	Invoices    int           `json:"invoices"` // that it has pushed
	CPU         time.Duration `json:"cpu_ns"`
	Wall        time.Duration `json:"wall_ns"`
	Allocations uint64        `json:"allocations"`
	Bytes       uint64        `json:"bytes"`
	PeakKiB     int64         `json:"peak_rss_kib"` // since the process began
}

// measured calls f, which returns the number of invoices pushed, and says what that has used.
func measured(t task, f func() (int, error)) (u usage, err error) {
	if t.Profile != "" {
		stop, err := profiled(t.Profile)
		if err != nil {
			return u, err
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began, cpu := time.Now(), cpuTime()
	u.Invoices, err = f()
	u.CPU, u.Wall = cpuTime()-cpu, time.Since(began)
	runtime.ReadMemStats(&after)
	u.Allocations, u.Bytes = after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc
	if err != nil {
		return u, err
	}
	u.PeakKiB, err = peak()
	return u, err
}

func cpuTime() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0 // it has no way to fail for the process itself
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// peak is the most memory that was resident at a time, in KiB.
func peak() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("the peak of memory is read from Linux's /proc: %w", err)
	}
	for line := range bytes.Lines(status) {
		if rest, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			if fields := bytes.Fields(rest); len(fields) == 2 {
				return strconv.ParseInt(string(fields[0]), 10, 64)
			}
		}
	}
	return 0, errors.New("/proc/self/status names no VmHWM")
}

// profiled writes a profile of what comes until stop: of the allocations where the name of the file says
// so, otherwise of the processor time, which counting allocations would disturb.
func profiled(name string) (stop func() error, err error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(filepath.Base(name), "allocations-") {
		runtime.MemProfileRate = 4096
		return func() error { return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close()) }, nil
	}
	return func() error { pprof.StopCPUProfile(); return f.Close() }, pprof.StartCPUProfile(f)
}
