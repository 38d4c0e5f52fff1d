// Package lines: corpus lines in, record lines out; tests/clients/run says what they mean.
package lines

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

type Header struct {
	Name  string
	Value []byte // nil: null
}

type Record struct {
	Flush      bool
	Partition  int32
	Timestamp  time.Time // zero: the client's own
	Key, Value []byte    // nil: null
	Headers    []Header
}

// Must ends the program on an error.
func Must[T any](value T, err error) T {
	Check(err)
	return value
}

func Check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func unhex(text string) []byte {
	if text == "-" {
		return nil
	}
	return append([]byte{}, Must(hex.DecodeString(text))...)
}

func enhex(data []byte) string {
	if data == nil {
		return "-"
	}
	return hex.EncodeToString(data)
}

func readCorpus(path string) (records []Record) {
	for _, line := range strings.Split(strings.TrimSuffix(string(Must(os.ReadFile(path))), "\n"), "\n") {
		part := strings.Split(line, "\t")
		record := Record{Flush: part[0] == "flush", Key: unhex(part[3]), Value: unhex(part[4])}
		record.Partition = int32(Must(strconv.Atoi(part[1])))
		if part[2] != "-" {
			record.Timestamp = time.UnixMilli(Must(strconv.ParseInt(part[2], 10, 64)))
		}
		for _, pair := range strings.FieldsFunc(part[5], func(r rune) bool { return r == ',' }) {
			name, value, _ := strings.Cut(pair, ":")
			record.Headers = append(record.Headers, Header{string(unhex(name)), unhex(value)})
		}
		records = append(records, record)
	}
	return records
}

var out = bufio.NewWriter(os.Stdout)

func Print(topic string, partition int32, offset int64, at time.Time, key, value []byte, headers []Header) {
	digest, pairs := "-", []string{}
	if value != nil {
		digest = fmt.Sprintf("%x", sha256.Sum256(value))
	}
	for _, header := range headers {
		pairs = append(pairs, enhex([]byte(header.Name))+":"+enhex(header.Value))
	}
	fmt.Fprintf(out, "%s\t%d\t%d\t%d\t%s\t%s\t%s\n", topic, partition, offset, at.UnixMilli(), enhex(key), digest,
		strings.Join(pairs, ","))
}

func Main(produce func(bootstrap, topic, codec string, corpus []Record),
	consume func(bootstrap string, count int, topics []string)) {
	defer out.Flush()
	if os.Args[1] == "produce" {
		produce(os.Args[2], os.Args[3], os.Args[4], readCorpus(os.Args[5]))
	} else {
		consume(os.Args[2], Must(strconv.Atoi(os.Args[3])), os.Args[4:])
	}
}
