package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// The program end to end, over real HTTP on the loopback interface.
func Example() {
	dir, err := os.MkdirTemp("", "quickstart-example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	var out bytes.Buffer
	p := program{args: []string{"-db", filepath.Join(dir, "shop.db"), "-orders", "9", "-seed", "5", "-json"}, env: os.Getenv, out: &out, err: os.Stderr}
	code := p.run(context.Background())

	var report struct {
		Read       int   `json:"read"`
		Uncertain  int   `json:"uncertain"`
		Difference int64 `json:"difference_cents"`
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("exit %d: read %d, uncertain %d, difference %d cents\n", code, report.Read, report.Uncertain, report.Difference)
	// Output: exit 0: read 9, uncertain 0, difference 0 cents
}
