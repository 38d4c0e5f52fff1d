"""confluent-kafka-python."""

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition, OFFSET_BEGINNING

from lines import main, print_record


def produce(bootstrap, topic, codec, corpus):
    producer = Producer({"bootstrap.servers": bootstrap, "compression.type": codec})
    failures = []

    def delivered(error, _):
        if error:
            failures.append(error)

    for record in corpus:
        producer.produce(topic, record.value, record.key, record.partition, on_delivery=delivered,
                         timestamp=record.timestamp or 0, headers=record.headers)
        if record.flush:
            producer.flush()
    producer.flush()
    if failures:
        raise KafkaException(failures[0])


def consume(bootstrap, count, topics):
    # A group id is demanded, also of who never joins one.
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "assigns", "enable.auto.commit": False})
    for topic in topics:
        partitions = consumer.list_topics(topic, 30).topics[topic].partitions
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions])
        got = 0
        while got < count:
            message = consumer.poll(30)
            if message is None:
                raise TimeoutError(f"{topic}: nothing after {got} records")
            if message.error():
                raise KafkaException(message.error())
            print_record(topic, message.partition(), message.offset(), message.timestamp()[1], message.key(),
                         message.value(), message.headers())
            got += 1
    consumer.close()


main(produce, consume)
