"""aiokafka."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from lines import main, print_record


async def produce(bootstrap, topic, codec, corpus):
    async with AIOKafkaProducer(bootstrap_servers=bootstrap,
                                compression_type=None if codec == "none" else codec) as producer:
        futures = []
        for record in corpus:
            futures.append(await producer.send(topic, record.value, record.key, record.partition, record.timestamp,
                                               record.headers))
            if record.flush:
                await producer.flush()
        await asyncio.wait_for(asyncio.gather(*futures), 30)


async def consume(bootstrap, count, topics):
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        for topic in topics:
            partitions = await partitions_of(consumer, topic)
            consumer.assign([TopicPartition(topic, p) for p in partitions])
            for _ in range(count):
                message = await asyncio.wait_for(consumer.getone(), 30)
                print_record(topic, message.partition, message.offset, message.timestamp, message.key, message.value,
                             message.headers)


async def partitions_of(consumer, topic):
    """aiokafka knows the partitions of what it was told of before, and has no public call to tell it."""
    await consumer._client._wait_on_metadata(topic)
    return consumer.partitions_for_topic(topic)


main(lambda *given: asyncio.run(produce(*given)), lambda *given: asyncio.run(consume(*given)))
