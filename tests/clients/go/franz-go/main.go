// franz-go.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"leat/clients/lines"
)

var codecs = map[string]kgo.CompressionCodec{
	"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
	"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
}

func produce(bootstrap, topic, codec string, corpus []lines.Record) {
	// Without this partitioner it chooses the partitions itself.
	client := lines.Must(kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.ProducerBatchCompression(codecs[codec]),
		kgo.RecordPartitioner(kgo.ManualPartitioner())))
	defer client.Close()
	for _, record := range corpus {
		send := &kgo.Record{Topic: topic, Partition: record.Partition, Timestamp: record.Timestamp, Key: record.Key,
			Value: record.Value}
		for _, header := range record.Headers {
			send.Headers = append(send.Headers, kgo.RecordHeader{Key: header.Name, Value: header.Value})
		}
		client.Produce(context.Background(), send, func(_ *kgo.Record, err error) { lines.Check(err) })
		if record.Flush {
			lines.Check(client.Flush(context.Background()))
		}
	}
	lines.Check(client.Flush(context.Background()))
}

func consume(bootstrap string, count int, topics []string) {
	for _, topic := range topics {
		consumeTopic(bootstrap, count, topic)
	}
}

func consumeTopic(bootstrap string, count int, topic string) {
	client := lines.Must(kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())))
	defer client.Close()
	for got := 0; got < count; {
		patience, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		fetches := client.PollFetches(patience)
		cancel()
		if err := fetches.Err(); err != nil {
			lines.Check(fmt.Errorf("%s: after %d records: %w", topic, got, err))
		}
		fetches.EachRecord(func(record *kgo.Record) {
			var headers []lines.Header
			for _, header := range record.Headers {
				headers = append(headers, lines.Header{Name: header.Key, Value: header.Value})
			}
			lines.Print(topic, record.Partition, record.Offset, record.Timestamp, record.Key, record.Value, headers)
			got++
		})
	}
}

func main() { lines.Main(produce, consume) }
