// Package member: what a member of a group says on stdout and hears on stdin; tests/clients/groups.py has the words.
package member

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	"leat/clients/lines"
)

type Settings struct {
	Bootstrap, Group, Topic string
	Assignor, Instance      *string // nil: the client's own, none
	SessionMs               int     `json:"session_ms"`
	HeartbeatMs             int     `json:"heartbeat_ms"`
}

func (s Settings) Session() time.Duration   { return time.Duration(s.SessionMs) * time.Millisecond }
func (s Settings) Heartbeat() time.Duration { return time.Duration(s.HeartbeatMs) * time.Millisecond }

// Start returns the settings and what is done when the member is to leave.
func Start() (settings Settings, until context.Context) {
	lines.Check(json.Unmarshal([]byte(os.Args[1]), &settings))
	until, leave := context.WithCancel(context.Background())
	go func() {
		bufio.NewReader(os.Stdin).ReadString('\n') // "leave", or the end of whoever would say it
		leave()
	}()
	return settings, until
}

type Record struct {
	Partition int32
	Offset    int64
	Value     []byte
}

func (r Record) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{r.Partition, r.Offset, string(r.Value)})
}

var out sync.Mutex

func Say(event, name string, value any) {
	out.Lock()
	defer out.Unlock()
	var now unix.Timespec
	lines.Check(unix.ClockGettime(unix.CLOCK_MONOTONIC, &now))
	line := lines.Must(json.Marshal(map[string]any{"t": now.Nano(), "event": event, name: value}))
	lines.Must(os.Stdout.Write(append(line, '\n')))
}

// Offsets are to be committed, by partition.
type Offsets map[int32]int64

func (o Offsets) MarshalJSON() ([]byte, error) {
	pairs := [][]any{}
	for partition, offset := range o {
		pairs = append(pairs, []any{partition, offset})
	}
	return json.Marshal(pairs)
}
