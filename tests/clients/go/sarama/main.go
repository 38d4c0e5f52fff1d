// sarama.
package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"leat/clients/lines"
)

func encoder(data []byte) sarama.Encoder {
	if data == nil {
		return nil
	}
	return sarama.ByteEncoder(data)
}

func produce(bootstrap, topic, codec string, corpus []lines.Record) {
	config := sarama.NewConfig()
	lines.Check(config.Producer.Compression.UnmarshalText([]byte(codec)))
	config.Producer.Return.Successes = true
	// Without this partitioner it chooses the partitions itself.
	config.Producer.Partitioner = sarama.NewManualPartitioner
	producer := lines.Must(sarama.NewAsyncProducer(strings.Split(bootstrap, ","), config))
	defer producer.Close()
	underWay := 0
	settle := func() {
		for ; underWay > 0; underWay-- {
			select {
			case <-producer.Successes():
			case failed := <-producer.Errors():
				lines.Check(failed)
			}
		}
	}
	for _, record := range corpus {
		send := &sarama.ProducerMessage{Topic: topic, Partition: record.Partition, Timestamp: record.Timestamp,
			Key: encoder(record.Key), Value: encoder(record.Value)}
		for _, header := range record.Headers {
			send.Headers = append(send.Headers, sarama.RecordHeader{Key: []byte(header.Name), Value: header.Value})
		}
		producer.Input() <- send
		// It stops taking messages when nobody takes its answers.
		if underWay++; record.Flush || underWay == config.ChannelBufferSize {
			settle()
		}
	}
	settle()
}

func consume(bootstrap string, count int, topics []string) {
	consumer := lines.Must(sarama.NewConsumer([]string{bootstrap}, nil))
	defer consumer.Close()
	for _, topic := range topics {
		consumeTopic(consumer, count, topic)
	}
}

func consumeTopic(consumer sarama.Consumer, count int, topic string) {
	all := make(chan *sarama.ConsumerMessage)
	for _, partition := range lines.Must(consumer.Partitions(topic)) {
		messages := lines.Must(consumer.ConsumePartition(topic, partition, sarama.OffsetOldest))
		defer messages.AsyncClose()
		go func() {
			for message := range messages.Messages() {
				all <- message
			}
		}()
	}
	for got := 0; got < count; got++ {
		select {
		case message := <-all:
			var headers []lines.Header
			for _, header := range message.Headers {
				headers = append(headers, lines.Header{Name: string(header.Key), Value: header.Value})
			}
			lines.Print(topic, message.Partition, message.Offset, message.Timestamp, message.Key, message.Value, headers)
		case <-time.After(30 * time.Second):
			lines.Check(fmt.Errorf("%s: nothing after %d records", topic, got))
		}
	}
}

func main() { lines.Main(produce, consume) }
