"""What was written, and that all of it is there: records with every byte of theirs, settings, offsets of groups."""

import random
import threading
import time
from collections import defaultdict
from typing import NamedTuple, Optional

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, OFFSET_BEGINNING, Producer
from confluent_kafka import TopicPartition
from confluent_kafka.admin import (AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType)

PATIENCE = 30
IDEMPOTENT = ["none", "lz4", "zstd"]
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
# Kafka takes no segment.bytes below 1 MiB; what is written is minutes apart.
SMALL_SEGMENTS = {"segment.bytes": "1048576", "segment.ms": "60000", "index.interval.bytes": "1024", "retention.ms": "-1"}
HOUR = 3_600_000
QUIET = {"log_level": 0, "reconnect.backoff.max.ms": 200}  # that brokers come and go is what is tested


class Record(NamedTuple):
    offset: int
    timestamp: int
    key: Optional[bytes]
    value: Optional[bytes]
    headers: tuple


def settled(futures):
    for future in futures.values():
        future.result(PATIENCE)


def committed(consumer, offsets):
    """Sooner or later: between two brokers there is none, and the next one loads its groups first."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            for done in consumer.commit(offsets=offsets, asynchronous=False):
                if done.error:
                    raise KafkaException(done.error)
            return
        except KafkaException:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


class Ledger:
    """Of one cluster, whichever broker runs it. `bootstrap` stays the same."""

    def __init__(self, bootstrap, seed):
        self.bootstrap = bootstrap
        self.source = random.Random(seed)
        self.partitions = {}
        self.settings = {}
        self.records = defaultdict(list)
        self.starts = defaultdict(int)
        self.commits = defaultdict(dict)  # by group: offset and its metadata by topic and partition
        self.producers = {}
        self.admin = AdminClient({"bootstrap.servers": bootstrap, **QUIET})
        self.clock = int(time.time() * 1000) - 10 * HOUR

    # Writing

    def create(self, topic, partitions, **settings):
        settings = {name.replace("_", "."): value for name, value in settings.items()} or SMALL_SEGMENTS
        settled(self.admin.create_topics([NewTopic(topic, partitions, 1, config=settings)]))
        self.partitions[topic], self.settings[topic] = partitions, dict(settings)
        self.until_known(topic, partitions)

    def delete(self, topic):
        settled(self.admin.delete_topics([topic]))
        for partition in range(self.partitions.pop(topic)):
            self.records.pop((topic, partition), None)
        self.settings.pop(topic)
        self.producers.clear()  # they would take a topic of the same name for this one
        self.until_known(topic, 0)

    def until_known(self, topic, partitions):
        """Kafka's broker follows its controller a little later."""
        def known():
            found = self.admin.list_topics(timeout=PATIENCE).topics.get(topic)
            return len(found.partitions) if found else 0

        until = time.monotonic() + PATIENCE
        while known() != partitions:
            assert time.monotonic() < until, f"{topic} has {known()} partitions, not {partitions}"
            time.sleep(0.02)

    def change(self, topic, name, value):
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        settled(self.admin.incremental_alter_configs([resource]))
        self.settings[topic][name] = value

    def producer(self, codec):
        """The same one for as long as the test lives, so that an idempotent one goes on with its sequences."""
        if codec not in self.producers:
            self.producers[codec] = Producer(
                {"bootstrap.servers": self.bootstrap, "compression.type": codec, "acks": "all", **QUIET,
                 "enable.idempotence": codec in IDEMPOTENT, "batch.num.messages": 25, "linger.ms": 5})
        return self.producers[codec]

    def value(self):
        kind = self.source.random()
        if kind < 0.1:
            return None
        if kind < 0.2:
            return b""
        if kind < 0.6:
            return bytes(self.source.choices(b"abcdefgh    ", k=self.source.randrange(1, 900)))
        return self.source.randbytes(self.source.randrange(1, 600))

    def write(self, topic, count):
        """`count` records into each partition with each codec."""
        for codec in CODECS:
            self.write_with(self.producer(codec), topic, count)

    def write_with(self, producer, topic, count):
        failures = []
        for partition in range(self.partitions[topic]):
            for n in range(count):
                self.produce(producer, topic, partition, n, failures)
        producer.flush(PATIENCE)
        assert not failures, failures[:3]

    def transactional(self, name):
        producer = Producer({"bootstrap.servers": self.bootstrap, "transactional.id": name,
                             "transaction.timeout.ms": 600_000, **QUIET})
        producer.init_transactions(PATIENCE)
        return producer

    def produce(self, producer, topic, partition, n, failures):
        self.clock += self.source.randrange(-500, 4000)
        key = [None, b"", f"k{n % 11}".encode()][n % 3]
        value, timestamp = self.value(), self.clock
        headers = tuple((f"h{i}", None if i == 1 else self.source.randbytes(i * 3)) for i in range(n % 4))

        def delivered(error, message):
            if error:
                failures.append(error)
            else:
                self.records[topic, partition].append(Record(message.offset(), timestamp, key, value, headers))

        producer.produce(topic, value, key, partition, timestamp=timestamp, headers=list(headers), on_delivery=delivered)
        producer.poll(0)

    def delete_records(self, topic, partition, before):
        settled(self.admin.delete_records([TopicPartition(topic, partition, before)]))
        self.starts[topic, partition] = before
        self.records[topic, partition] = [one for one in self.records[topic, partition] if one.offset >= before]

    def commit(self, group, topic, partition, offset, metadata=""):
        """Of a group without members."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": group, "enable.auto.commit": False, **QUIET})
        committed(consumer, [TopicPartition(topic, partition, offset, metadata)])
        consumer.close()
        self.commits[group][topic, partition] = offset, metadata

    # Reading

    def check(self):
        self.check_topics()
        self.check_records()
        self.check_commits()

    def check_topics(self):
        topics = {name: topic for name, topic in self.admin.list_topics(timeout=PATIENCE).topics.items()
                  if not name.startswith("__")}
        assert sorted(topics) == sorted(self.partitions), f"topics {sorted(topics)}, expected {sorted(self.partitions)}"
        for name, topic in topics.items():
            assert sorted(topic.partitions) == list(range(self.partitions[name])), f"{name}: {topic.partitions}"
        described = self.admin.describe_configs([ConfigResource(ResourceType.TOPIC, name) for name in topics])
        for resource, future in described.items():
            own = {entry.name: entry.value for entry in future.result(PATIENCE).values() if entry.source == 1}
            assert own == self.settings[resource.name], f"{resource.name}: {own}, set was {self.settings[resource.name]}"

    def check_records(self):
        """Those of all partitions, from their start on and nothing else."""
        expected = {}
        for topic, count in self.partitions.items():
            for partition in range(count):
                expected[topic, partition] = sorted(self.records[topic, partition])
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "checks", "enable.auto.commit": False,
                             "auto.offset.reset": "error", "check.crcs": True, "enable.partition.eof": True,
                             "fetch.wait.max.ms": 10, **QUIET})
        consumer.assign([TopicPartition(*place, OFFSET_BEGINNING) for place in expected])
        got, ended = defaultdict(list), set()
        until = time.monotonic() + PATIENCE
        while len(ended) < len(expected):
            assert time.monotonic() < until, f"no end of {sorted(set(expected) - ended)}"
            for message in consumer.consume(1000, 1):
                place = message.topic(), message.partition()
                if not message.error():
                    got[place].append(Record(message.offset(), message.timestamp()[1], message.key(), message.value(),
                                             tuple(message.headers() or ())))
                elif message.error().name() == "_PARTITION_EOF":
                    ended.add(place)
                else:
                    raise KafkaException(message.error())
        for place, records in expected.items():
            for mine, theirs in zip(records, got[place]):
                assert mine == theirs, f"{place}: got {theirs}, written was {mine}"
            assert len(records) == len(got[place]), f"{place}: {len(got[place])} records of {len(records)}"
            low, _ = consumer.get_watermark_offsets(TopicPartition(*place), PATIENCE)
            assert low == self.starts[place], f"{place} starts at {low}, not {self.starts[place]}"
        consumer.close()

    def check_commits(self):
        # The one that knew the coordinator before may wait for that connection for ever.
        admin = AdminClient({"bootstrap.servers": self.bootstrap, **QUIET})
        for group, expected in self.commits.items():
            [future] = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]).values()
            got = {(each.topic, each.partition): (each.offset, each.metadata or "")
                   for each in future.result(PATIENCE).topic_partitions}
            assert got == expected, f"group {group}: {got}, committed was {expected}"


class Member:
    """A member of a group that lives through the changes of brokers, and commits what it has read."""

    def __init__(self, ledger, group, topic):
        self.ledger, self.group, self.topic = ledger, group, topic
        self.events, self.seen, self.wrong = [], set(), None
        self.is_ended = threading.Event()
        self.consumer = Consumer(
            {"bootstrap.servers": ledger.bootstrap, "group.id": group, "enable.auto.commit": False,
             "auto.offset.reset": "earliest", "session.timeout.ms": 120_000, "heartbeat.interval.ms": 500,
             "max.poll.interval.ms": 300_000, **QUIET})
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            self.consumer.subscribe([self.topic], on_assign=lambda _, given: self.events.append(("assigned", len(given))),
                                    on_revoke=lambda _, taken: self.events.append(("revoked", len(taken))))
            while not self.is_ended.is_set():
                if messages := [each for each in self.consumer.consume(100, 0.1) if not each.error()]:
                    self.commit({each.partition(): each.offset() + 1 for each in messages})
                    self.seen |= {(each.partition(), each.offset()) for each in messages}
        except Exception as wrong:
            self.wrong = wrong

    def commit(self, ends):
        committed(self.consumer, [TopicPartition(self.topic, partition, end) for partition, end in ends.items()])
        for partition, end in ends.items():
            self.ledger.commits[self.group][self.topic, partition] = end, ""

    def catch_up(self):
        """Until it has read all that is in its topic, as the same member with the same assignment as ever."""
        wanted = {(partition, record.offset) for partition in range(self.ledger.partitions[self.topic])
                  for record in self.ledger.records[self.topic, partition]}
        until = time.monotonic() + PATIENCE
        while not wanted <= self.seen:
            assert self.wrong is None, self.wrong
            assert time.monotonic() < until, f"{len(wanted - self.seen)} of {len(wanted)} were not read; {self.events}"
            time.sleep(0.02)
        assert self.events == [("assigned", self.ledger.partitions[self.topic])], self.events

    def leave(self):
        self.is_ended.set()
        self.thread.join()
        self.consumer.close()
