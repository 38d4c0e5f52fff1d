"""kafka-python."""

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from lines import main, print_record


def produce(bootstrap, topic, codec, corpus):
    producer = KafkaProducer(bootstrap_servers=bootstrap, compression_type=None if codec == "none" else codec)
    futures = []
    for record in corpus:
        futures.append(producer.send(topic, record.value, record.key, record.headers, record.partition,
                                     record.timestamp))
        if record.flush:
            producer.flush()
    producer.flush()
    for future in futures:
        future.get(30)
    producer.close()


def consume(bootstrap, count, topics):
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=30_000)
    for topic in topics:
        consumer.assign([TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic)])
        got = 0
        while got < count:
            message = next(consumer)
            print_record(topic, message.partition, message.offset, message.timestamp, message.key, message.value,
                         message.headers)
            got += 1
    consumer.close()


main(produce, consume)
