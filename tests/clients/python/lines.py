"""Corpus lines in, record lines out; tests/clients/run says what they mean."""

import hashlib
import sys
from typing import NamedTuple, Optional


class Record(NamedTuple):
    flush: bool
    partition: int
    timestamp: Optional[int]
    key: Optional[bytes]
    value: Optional[bytes]
    headers: list  # of (str, bytes or None)


def unhex(text):
    return None if text == "-" else bytes.fromhex(text)


def enhex(data):
    return "-" if data is None else bytes(data).hex()


def read_corpus(path):
    for line in open(path):
        flush, partition, timestamp, key, value, headers = line.rstrip("\n").split("\t")
        pairs = [pair.split(":") for pair in headers.split(",")] if headers else []
        yield Record(flush == "flush", int(partition), None if timestamp == "-" else int(timestamp), unhex(key),
                     unhex(value), [(bytes.fromhex(name).decode(), unhex(text)) for name, text in pairs])


def print_record(topic, partition, offset, timestamp, key, value, headers):
    digest = "-" if value is None else hashlib.sha256(value).hexdigest()
    pairs = ",".join(f"{name.encode().hex()}:{enhex(data)}" for name, data in headers or [])
    print(topic, partition, offset, timestamp, enhex(key), digest, pairs, sep="\t")


def main(produce, consume):
    if sys.argv[1] == "produce":
        bootstrap, topic, codec, corpus = sys.argv[2:]
        produce(bootstrap, topic, codec, read_corpus(corpus))
    else:
        bootstrap, count, *topics = sys.argv[2:]
        consume(bootstrap, int(count), topics)
        sys.stdout.flush()
