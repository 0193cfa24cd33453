package limit_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/invoicesync/invoicesync/limit"
)

func Example() {
	budget := limit.New(nil)
	minute := limit.Sliding("xero/org/1/minute", 60, time.Minute)
	day := limit.Sliding("xero/org/1/day", 1, 24*time.Hour)

	for range 2 {
		grant, err := budget.Take(context.Background(), 1, minute, day)
		if later, ok := errors.AsType[*limit.LaterError](err); ok {
			fmt.Println("the run ends here and resumes later, because of", later.Key)
			return
		}
		fmt.Println("called after", grant.Waited)
		grant.Release()
	}
	// Output:
	// called after 0s
	// the run ends here and resumes later, because of xero/org/1/day
}
