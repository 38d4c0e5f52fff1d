"""Writes numbered values to every partition of some topics, at a steady rate, until a line or the end of stdin.

    steady_producer.py BOOTSTRAP PARTITIONS PER_SECOND TOPIC...

The values of a partition are PARTITION:0, PARTITION:1, ... Each that was acknowledged is printed: the time of that by
CLOCK_MONOTONIC in ns, topic, partition, offset, value.
"""

import sys
import threading
import time

from confluent_kafka import Producer

bootstrap, partitions, per_second, *topics = sys.argv[1:]
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()
# In order and once, also over a broker that goes and comes back.
producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 20,
                     "reconnect.backoff.max.ms": 500, "message.timeout.ms": 60_000})


def delivered(error, message):
    if error:
        sys.exit(f"{message.topic()} {message.partition()}: {error}")
    print(time.monotonic_ns(), message.topic(), message.partition(), message.offset(), message.value().decode(), sep="\t")


n, begin = 0, time.monotonic()
while not stop.is_set():
    for topic in topics:
        for partition in range(int(partitions)):
            producer.produce(topic, f"{partition}:{n}", partition=partition, on_delivery=delivered)
    n += 1
    while not stop.is_set() and (left := begin + n / float(per_second) - time.monotonic()) > 0:
        producer.poll(min(left, 0.1))
    sys.stdout.flush()
left = producer.flush(60)
sys.stdout.flush()
sys.exit(f"{left} not acknowledged" if left else 0)
