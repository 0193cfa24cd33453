package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/invoicesync/invoicesync/sqlstore/sqlite"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/store/storetest"
)

// The tests of several processes run this test binary again, which then does one of these things to a
// file instead of running tests.
const (
	childTask = "INVOICESYNC_TEST_CHILD"
	childFile = "INVOICESYNC_TEST_FILE"
)

func TestMain(m *testing.M) {
	var err error
	switch task := os.Getenv(childTask); task {
	case "":
		os.Exit(m.Run())
	case "increment":
		err = childIncrements(os.Getenv(childFile), 100)
	case "until killed":
		err = childIncrements(os.Getenv(childFile), 1_000_000)
	default:
		err = fmt.Errorf("there is no task %q", task)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// childIncrements counts, and says each number once it is committed. With every number it appends an
// activity row and puts the number into a cursor.
func childIncrements(file string, times int) error {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, file, nil)
	if err != nil {
		return err
	}
	defer s.Close()
	for i := range times {
		err := s.Update(ctx, func(tx store.Tx) error {
			if err := storetest.Increment(tx, "r", "n"); err != nil {
				return err
			}
			doc, _, err := tx.Documents("r").Get("n")
			if err != nil {
				return err
			}
			if err := tx.Cursors().Set("n", string(doc.Value)); err != nil {
				return err
			}
			return tx.Activity().Append(store.Row{Event: "counted", SourceID: string(doc.Value)})
		})
		if err != nil {
			return err
		}
		fmt.Println(i + 1)
	}
	return nil
}

func child(t *testing.T, task, file string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), childTask+"="+task, childFile+"="+file)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestTwoProcessesOnOneFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "store.db") // none of the two finds it there
	a, b := child(t, "increment", file), child(t, "increment", file)
	for _, cmd := range []*exec.Cmd{a, b} {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	for _, cmd := range []*exec.Cmd{a, b} {
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, file)
	if got := count(t, s); got != "200" {
		t.Errorf("counter %s, want 200", got)
	}
	verify(t, s, 200)
}

// verify asks for n rows, numbered and chained.
func verify(t *testing.T, s store.Store, n int) {
	t.Helper()
	err := s.View(t.Context(), func(tx store.Tx) error {
		rows, err := tx.Activity().List(store.ActivityFilter{})
		if err != nil {
			return err
		}
		if len(rows) != n {
			t.Errorf("%d rows of activity, want %d", len(rows), n)
		}
		for i, row := range rows {
			if row.Seq != int64(i+1) || row.SourceID != strconv.Itoa(i+1) {
				t.Errorf("row %d has number %d and counts %s", i+1, row.Seq, row.SourceID)
			}
		}
		return tx.Activity().Verify()
	})
	if err != nil {
		t.Error(err)
	}
}

func TestKilledBetweenCommits(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "store.db")
	committed := 0
	for _, after := range []int{1, 7, 30} {
		cmd := child(t, "until killed", file)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		said := 0
		for lines.Scan() {
			if said, err = strconv.Atoi(lines.Text()); err != nil {
				break // the line was cut off
			}
			if said == after {
				// SIGKILL, in the middle of whatever it does.
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the child ended by itself")
		}

		s := open(t, file)
		got, err := strconv.Atoi(count(t, s))
		if err != nil {
			t.Fatal(err)
		}
		// What it said is committed; one more may be that it could not say any more.
		if got < committed+after || got > committed+max(said, after)+2 {
			t.Errorf("counter %d after the child had said %d, and %d before", got, said, committed)
		}
		committed = got
		verify(t, s, committed)
		err = s.View(t.Context(), func(tx store.Tx) error {
			cursor, err := tx.Cursors().Get("n")
			if cursor != strconv.Itoa(committed) {
				t.Errorf("cursor %s beside counter %d", cursor, committed)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if got := integrity(t, file); got != "ok" {
			t.Errorf("integrity check: %s", got)
		}
	}
}

func integrity(t *testing.T, file string) string {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`PRAGMA integrity_check`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}
