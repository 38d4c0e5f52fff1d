"""The records that every client writes, as lines of text so that no client needs to know the rule they come from.

A corpus line has these parts, with tabs between them:

    flush or -    whether all so far is to be delivered before the next is sent, which makes small batches
    partition
    timestamp     in ms; - leaves it to the client
    key           in hex; - is null
    value         in hex; - is null
    headers       NAME:VALUE,NAME:VALUE,... in hex; - as a value is null

What a client reads it prints as lines of topic, partition, offset, timestamp, key, SHA-256 of the value, headers.
"""

import functools
import hashlib
import random
import time
from typing import NamedTuple, Optional

PARTITIONS = 3
TINY = 2000


class Record(NamedTuple):
    partition: int
    value: Optional[bytes]
    key: Optional[bytes] = None
    headers: tuple = ()  # of (str, bytes or None)
    timestamp: Optional[int] = None
    flush: bool = False
    kind: str = ""  # of what not every client can write


def enhex(data):
    return "-" if data is None else data.hex()


def enhex_headers(headers):
    return ",".join(f"{name.encode().hex()}:{enhex(value)}" for name, value in headers)


def corpus_line(record):
    return "\t".join(["flush" if record.flush else "-", str(record.partition),
                      "-" if record.timestamp is None else str(record.timestamp), enhex(record.key),
                      enhex(record.value), enhex_headers(record.headers)])


def read_line(record):
    """What of a record read is compared: all but topic, partition and offset, which give it its place."""
    return "\t".join([enhex(record.key), "-" if record.value is None else hashlib.sha256(record.value).hexdigest(),
                      enhex_headers(record.headers)])


def compressible(source, size):
    return bytes(source.choices(b"abcdefgh    ", k=size))


@functools.cache
def corpus():
    source = random.Random(4)
    an_hour_ago = int(time.time() * 1000) - 3_600_000
    special = [
        dict(value=b"value", key=b"key"),
        dict(value=b"a null key"),
        dict(value=None, key=b"a null value"),
        dict(value=b"", key=b"an empty value"),
        dict(value=b"an empty key", key=b""),
        dict(value=b"\x00\xff\n\t\r\x80" * 20, key=bytes(range(256))),
        dict(value="snow \u2603 and \U0001d11e".encode(), key="\u00fcber".encode(),
             headers=(("\u540d\u524d", "\u5024".encode()), ("e\u0301", b"combining"))),
        dict(value=b"one header", headers=(("trace", b"41"),)),
        dict(value=b"many headers", headers=tuple((f"h{n}", b"x" * n) for n in range(40))),
        dict(value=b"an empty header", headers=(("empty", b""),)),
        dict(value=b"a null header", headers=(("null", None),), kind="null header values"),
        dict(value=b"a header twice", headers=(("twice", b"1"), ("twice", b"2"), ("once", b"3"))),
        dict(value=b"its own time stamp", key=b"t", timestamp=an_hour_ago),
        dict(value=compressible(source, 900_000), key=b"large"),
        dict(value=source.randbytes(900_000), key=b"large and random"),
    ]
    records = [Record(partition=n % PARTITIONS, flush=True, **fields) for n, fields in enumerate(special)]
    # Sent at once, for batches as large as the client makes them.
    for n in range(TINY):
        records.append(Record(n % PARTITIONS, str(n).encode(), str(n % 7).encode() if n % 2 else None))
    for n in range(100):
        records.append(Record(n % PARTITIONS, compressible(source, source.randrange(1, 8192)), b"middling",
                              (("n", str(n).encode()),)))
    return records
