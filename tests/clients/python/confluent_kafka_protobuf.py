"""confluent-kafka-python's Protobuf serializer and deserializer, with a schema registry within this process.

    write BOOTSTRAP TOPIC DESCRIPTORS MESSAGE     JSON lines in; the schema's id out
    read BOOTSTRAP TOPIC DESCRIPTORS MESSAGE      JSON lines out, of the records that are there

DESCRIPTORS is what protoc writes with --include_imports --descriptor_set_out.
"""

import sys

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition, OFFSET_BEGINNING
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

PATIENCE = 30


def message_class(path, name):
    files = descriptor_pb2.FileDescriptorSet.FromString(open(path, "rb").read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


def registry_with(cls, context):
    """A registry that knows the schema: the id that it gives is the same in each."""
    registry = SchemaRegistryClient.new_client({"url": "mock://"})
    ProtobufSerializer(cls, registry)(cls(), context)
    return registry


def write(bootstrap, topic, cls):
    context = SerializationContext(topic, MessageField.VALUE)
    registry = registry_with(cls, context)
    serialize = ProtobufSerializer(cls, registry)
    producer = Producer({"bootstrap.servers": bootstrap})
    failures = []
    for line in sys.stdin:
        producer.produce(topic, serialize(json_format.Parse(line, cls()), context),
                         on_delivery=lambda error, _: error and failures.append(error))
    producer.flush()
    if failures:
        raise KafkaException(failures[0])
    print(registry.get_latest_version(f"{topic}-value").schema_id)


def read(bootstrap, topic, cls):
    context = SerializationContext(topic, MessageField.VALUE)
    deserialize = ProtobufDeserializer(cls, schema_registry_client=registry_with(cls, context))
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "assigns", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    _, end = consumer.get_watermark_offsets(TopicPartition(topic, 0), PATIENCE)
    for offset in range(end):
        message = consumer.poll(PATIENCE)
        if message is None or message.error():
            raise KafkaException(message and message.error())
        assert message.offset() == offset, (message.offset(), offset)
        print(json_format.MessageToJson(deserialize(message.value(), context), indent=None))
    consumer.close()


action, bootstrap, topic, descriptors, message = sys.argv[1:]
{"write": write, "read": read}[action](bootstrap, topic, message_class(descriptors, message))
