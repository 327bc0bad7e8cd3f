// Package scenario is what a client reads and prints; tests/interop/scenario.ts says what it means.
package scenario

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
)

// Assignment is what to do.
type Assignment struct {
	URL                  string   `json:"url"`
	Email                string   `json:"email"`
	Password             string   `json:"password"`
	Name                 string   `json:"name"`
	Schema               string   `json:"schema"`
	Insert               string   `json:"insert"`
	City                 City     `json:"city"`
	Table                string   `json:"table"`
	CSV                  [][]byte `json:"csvBase64"`
	Query                string   `json:"query"`
	Stream               string   `json:"stream"`
	WideStream           string   `json:"wideStream"`
	MessagesBeforeCancel int      `json:"messagesBeforeCancel"`
	CancelID             string   `json:"cancelId"`
	Refused              string   `json:"refused"`
}

// City is a row.
type City struct {
	ID   int64  `json:"id,string"`
	Name string `json:"name"`
	Big  int64  `json:"big,string"`
}

// Outcome is what the client saw.
type Outcome struct {
	KeyPrefix      string     `json:"keyPrefix"`
	Imported       uint32     `json:"imported"`
	Columns        []string   `json:"columns"`
	Rows           [][]string `json:"rows"`
	Stream         Stream     `json:"stream"`
	Cancelled      Cancelled  `json:"cancelled"`
	Refused        Refused    `json:"refused"`
	CompressedRows uint32     `json:"compressedRows"`
}

// Stream is a result that was read to its end.
type Stream struct {
	Rows int    `json:"rows"`
	Sum  int64  `json:"sum,string"`
	Done uint32 `json:"done"`
}

// Cancelled is how a stream ended that was given up, and how many rows the next query had.
type Cancelled struct {
	Code      int    `json:"code"`
	RowsAfter uint32 `json:"rowsAfter"`
}

// Refused is the error of a statement that may not run.
type Refused struct {
	Code      int    `json:"code"`
	Reason    string `json:"reason"`
	Domain    string `json:"domain"`
	Construct string `json:"construct"`
}

// Main reads the assignment, runs the client and prints its outcome.
func Main(run func(Assignment) (Outcome, error)) {
	var task Assignment
	if err := json.NewDecoder(os.Stdin).Decode(&task); err != nil {
		fail(err)
	}
	outcome, err := run(task)
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(outcome); err != nil {
		fail(err)
	}
}

// Digits writes a number as the test expects it.
func Digits(number int64) string { return strconv.FormatInt(number, 10) }

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
