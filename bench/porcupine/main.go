// porcupine: judges register histories in sunder's format with Porcupine, the reference of ./dev bench check.
//
// usage: porcupine [-timeout 60s] FILE…   one line a file: FILE ok|illegal|unknown SECONDS OPERATIONS
// The model is the one of sunder's check: a read observes, a write leaves, a cas does both or, where it failed with a
// mismatch, observes what it saw. Seconds are those of the check alone; reading is not counted.
// Operations without an answer last until the end, and may have happened or not, as Porcupine's users write it.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

type event struct {
	Time    int64           `json:"time"`
	Process int             `json:"process"`
	Type    string          `json:"type"`
	F       string          `json:"f"`
	Key     string          `json:"key"`
	Value   json.RawMessage `json:"value"`
	Error   *struct {
		Class    string          `json:"class"`
		Observed json.RawMessage `json:"observed"`
	} `json:"error"`
}

type input struct {
	f        string
	key      string
	old, new string
}

type output struct {
	known bool // false: it may have happened, or not
	seen  string
	fails bool // a cas that saw something else
}

func step(state, in, out interface{}) (bool, interface{}) {
	held, i, o := state.(string), in.(input), out.(output)
	switch i.f {
	case "read":
		return !o.known || o.seen == held, held
	case "write":
		return true, i.new
	}
	if o.fails {
		return o.seen == held && held != i.old, held
	}
	return held == i.old, i.new
}

// What has no answer may also not happen: two next states.
var model = (&porcupine.NondeterministicModel{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		keys := map[string][]porcupine.Operation{}
		for _, op := range history {
			key := op.Input.(input).key
			keys[key] = append(keys[key], op)
		}
		var all [][]porcupine.Operation
		for _, ops := range keys {
			all = append(all, ops)
		}
		return all
	},
	Init: func() []interface{} { return []interface{}{"null"} },
	Step: func(state, in, out interface{}) []interface{} {
		legal, next := step(state, in, out)
		if out.(output).known {
			if !legal {
				return nil
			}
			return []interface{}{next}
		}
		if legal && next != state {
			return []interface{}{state, next}
		}
		return []interface{}{state}
	},
	Equal: func(a, b interface{}) bool { return a == b },
}).ToModel()

// Without unanswered operations the plain model does, and is quicker.
var plain = porcupine.Model{
	Partition: model.Partition,
	Init:      func() interface{} { return "null" },
	Step:      step,
	Equal:     func(a, b interface{}) bool { return a == b },
}

func parse(e *event) input {
	in := input{f: e.F, key: e.Key, new: string(e.Value)}
	if e.F == "cas" {
		var pair [2]json.RawMessage
		if json.Unmarshal(e.Value, &pair) == nil {
			in.old, in.new = string(pair[0]), string(pair[1])
		}
	}
	return in
}

func read(path string) (ops []porcupine.Operation, pending bool, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, false, err
	}
	defer file.Close()
	open := map[int]porcupine.Operation{}
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 1<<20), 1<<28)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, false, fmt.Errorf("%s: %v", path, err)
		}
		if e.Type == "invoke" {
			open[e.Process] = porcupine.Operation{ClientId: e.Process, Input: parse(&e), Call: e.Time}
			continue
		}
		op, there := open[e.Process]
		if !there {
			continue // the header
		}
		delete(open, e.Process)
		op.Return = e.Time
		switch {
		case e.Type == "ok":
			op.Output = output{known: true, seen: string(e.Value)}
		case e.Type == "fail" && e.Error != nil && e.Error.Class == "mismatch" && e.Error.Observed != nil:
			op.Output = output{known: true, fails: true, seen: string(e.Error.Observed)}
		case e.Type == "info" && e.F != "read":
			pending = true
			op.Return = math.MaxInt64
			op.Output = output{}
		default:
			continue // says nothing
		}
		ops = append(ops, op)
	}
	for _, op := range open {
		if op.Input.(input).f == "read" {
			continue
		}
		pending = true
		op.Return = math.MaxInt64
		op.Output = output{}
		ops = append(ops, op)
	}
	return ops, pending, lines.Err()
}

func main() {
	timeout := flag.Duration("timeout", 60*time.Second, "for each file")
	flag.Parse()
	for _, path := range flag.Args() {
		ops, pending, err := read(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		chosen := plain
		if pending {
			chosen = model
		}
		start := time.Now()
		result := porcupine.CheckOperationsTimeout(chosen, ops, *timeout)
		verdict := map[porcupine.CheckResult]string{
			porcupine.Ok: "ok", porcupine.Illegal: "illegal", porcupine.Unknown: "unknown"}[result]
		fmt.Printf("%s %s %.6f %d\n", path, verdict, time.Since(start).Seconds(), len(ops))
	}
}
