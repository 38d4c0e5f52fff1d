"""Produce requests and answers, found in the bytes of a connection. Versions 3 to 8, which librdkafka sends."""

import struct
from dataclasses import dataclass

PRODUCE = 0


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, format):
        [value] = struct.unpack_from(">" + format, self.data, self.at)
        self.at += struct.calcsize(">" + format)
        return value

    def string(self):
        size = self.take("h")
        if size < 0:
            return None
        self.at += size
        return self.data[self.at - size : self.at].decode()

    def array(self, element):
        return [element() for _ in range(self.take("i"))]


@dataclass
class Answer:
    """What one Produce answer says of one partition."""

    topic: str
    partition: int
    error: int
    base_offset: int


def frames(stream):
    """The frames of a connection's bytes, each with the position of its first byte."""
    at = 0
    while at + 4 <= len(stream):
        [size] = struct.unpack_from(">i", stream, at)
        if at + 4 + size > len(stream):
            return
        yield at, stream[at + 4 : at + 4 + size]
        at += 4 + size


def produce_requests(stream):
    """{correlation id: (version, acks)} of a connection's requests."""
    found = {}
    for _, frame in frames(stream):
        reader = Reader(frame)
        key, version, correlation = reader.take("h"), reader.take("h"), reader.take("i")
        if key != PRODUCE:
            continue
        assert 3 <= version <= 8, f"Produce version {version} is not understood here"
        reader.string()  # client id
        reader.string()  # transactional id
        found[correlation] = version, reader.take("h")
    return found


def answers(frame, version):
    """The correlation id has been read by the caller, who needed the version first."""
    reader = Reader(frame)
    reader.take("i")

    def partition_of(topic):
        answer = Answer(topic, reader.take("i"), reader.take("h"), reader.take("q"))
        reader.take("q")  # log append time
        if version >= 5:
            reader.take("q")  # log start offset
        if version >= 8:
            reader.array(lambda: (reader.take("i"), reader.string()))
            reader.string()
        return answer

    def topic():
        name = reader.string()
        return reader.array(lambda: partition_of(name))

    return [answer for partitions in reader.array(topic) for answer in partitions]


def batches(data):
    """The base offsets of the record batches that follow each other in what was written to a segment."""
    at = 0
    while at + 12 <= len(data):
        base, length = struct.unpack_from(">qi", data, at)
        yield base
        at += 12 + length
