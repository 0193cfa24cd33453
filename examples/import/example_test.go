package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// The program end to end, over real HTTP on the loopback interface.
func Example() {
	dir, err := os.MkdirTemp("", "import-example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	var out bytes.Buffer
	p := program{args: []string{"-db", filepath.Join(dir, "practice.db"), "-invoices", "250", "-json"}, env: os.Getenv, out: &out, err: os.Stderr}
	code := p.run(context.Background())
	fmt.Printf("exit %d: %s", code, out.String())
	// Output: exit 0: {"examined":50,"imported":36,"rejected":14,"reasons":{"balance_below_floor":1,"contact_missing":1,"currency_unknown":1,"long_overdue":1,"negative_line":1,"no_contact":1,"no_currency":1,"no_lines":1,"other_currency":4,"part_paid":4,"tax_not_mapped":2},"deferred":0,"calls":4,"changed":30}
}
