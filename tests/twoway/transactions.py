"""Transactions of Java producers, interleaved as a seed says, and what consumers see of them."""

import random
import tempfile
import time

from confluent_kafka import Consumer, IsolationLevel, OFFSET_BEGINNING, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from harness import run
from ledger import PATIENCE, QUIET, SMALL_SEGMENTS

PRODUCERS = ["t1", "t2", "t3"]
MINUTE = 60_000
SETTINGS = {**SMALL_SEGMENTS, "message.timestamp.after.max.ms": "86400000"}


class Script:
    """Of `steps` steps. Times are apart, so that transactions reach over several segments of a minute, and not before now,
    which is the time of markers."""

    def __init__(self, seed, partitions, steps):
        self.source = random.Random(seed)
        self.partitions, self.lines, self.open = partitions, [], {}
        self.values = {"committed": [], "aborted": [], "plain": []}
        self.clock = int(time.time() * 1000)
        for _ in range(steps):
            self.step()

    def step(self):
        who = self.source.choice([*PRODUCERS, "-"])
        if who == "-":
            return self.send(who, self.values["plain"])
        if who not in self.open:
            self.open[who] = []
            self.lines.append(f"begin {who}")
        elif self.source.random() < 0.3:
            kind = self.source.choice(["committed", "aborted"])
            self.lines.append(f"{'commit' if kind == 'committed' else 'abort'} {who}")
            self.values[kind] += self.open.pop(who)
            return
        self.send(who, self.open[who])

    def send(self, who, values):
        self.clock += self.source.randrange(1, MINUTE // 3)
        values.append(f"{who}.{self.clock}")
        self.lines.append(f"send {who} {self.source.randrange(self.partitions)} {self.clock} {values[-1]}")

    def write_plain(self, java, bootstrap, topic, count):
        """More records, of no transaction."""
        self.lines = []
        for _ in range(count):
            self.send("-", self.values["plain"])
        self.write(java, bootstrap, topic)

    def write(self, java, bootstrap, topic):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("\n".join(self.lines))
            file.flush()
            run([*java, "Transactions", "write", bootstrap, topic, file.name])


def seen(java, bootstrap, topic, partitions, then):
    """By both clients at both isolations: what is there, where it ends, what comes at or after a time."""
    by_java = sorted(run([*java, "Transactions", "read", bootstrap, topic, then]).stdout.decode().splitlines())
    by_librdkafka = sorted(line for isolation in ["read_uncommitted", "read_committed"]
                           for line in read(bootstrap, topic, partitions, isolation, then))
    assert by_java == by_librdkafka, sorted(set(by_java) ^ set(by_librdkafka))[:10]
    return by_java


def read(bootstrap, topic, partitions, isolation, then):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "sees", "enable.auto.commit": False,
                         "isolation.level": isolation, "enable.partition.eof": True, "fetch.wait.max.ms": 10, **QUIET})
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(partitions)])
    ended, until = set(), time.monotonic() + PATIENCE
    while len(ended) < partitions:
        assert time.monotonic() < until, f"{isolation}: no end of {set(range(partitions)) - ended}"
        for message in consumer.consume(100, 0.2):
            if not message.error():
                yield f"{isolation} {message.partition()} {message.offset()} {message.value().decode()}"
            elif message.error().name() == "_PARTITION_EOF":
                ended.add(message.partition())
    consumer.close()
    admin = AdminClient({"bootstrap.servers": bootstrap, **QUIET})
    for word, spec in [("ends", OffsetSpec.latest()), ("then", OffsetSpec.for_timestamp(then))]:
        found = admin.list_offsets({TopicPartition(topic, partition): spec for partition in range(partitions)},
                                   isolation_level=IsolationLevel[isolation.upper()])
        for place, future in found.items():
            offset = future.result(PATIENCE).offset
            yield f"{isolation} {place.partition} {word} {'none' if offset < 0 else offset}"
