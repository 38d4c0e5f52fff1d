#!/usr/bin/env python3
"""Makes the seed corpora of the fuzz targets out of tests/data: `seeds.py OUT`, a folder for each target."""

import csv
import re
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def rows(name):
    with open(ROOT / "tests/data" / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def api_keys():
    """Name of each request, and its key; and the names of all messages in the order of all_schemas()."""
    keys, names = {}, []
    for path in (ROOT / "src/protocol/schema").glob("*.schema"):
        for name, kind, rest in re.findall(r"^(\w+): (\w[\w-]*)(.*)$", path.read_text(encoding="utf-8"), re.M):
            names.append(name)
            if kind == "request":
                keys[name] = int(re.search(r"key=(\d+)", rest)[1])
    return keys, sorted(names)


def part(data):
    return struct.pack(">H", len(data)) + data


def seeds():
    """(target, bytes) of every seed."""
    keys, names = api_keys()
    connection_header = lambda key, version: struct.pack(">hhi", key, version, 7) + b"\0\4seed"
    flexible = {0: 9, 1: 12, 2: 6, 3: 9, 18: 3, 19: 5, 20: 4, 22: 2, 23: 4, 37: 2, 60: 0}
    for row in rows("messages.tsv"):
        name, version, body = row["message"], int(row["version"]), bytes.fromhex(row["hex"])
        if name in keys:
            yield "request_body", struct.pack(">hh", keys[name], version) + body
            if keys[name] in flexible:
                tags = b"\0" if version >= flexible[keys[name]] else b""
                yield "connection", part(connection_header(keys[name], version) + tags + body)
        elif name in names:
            yield "message", struct.pack(">Hh", names.index(name), version) + body
            yield "message", struct.pack(">Hh", names.index(name), version) + row["json"].encode()
    batches = {row["name"]: bytes.fromhex(row["hex"]) for row in rows("batches.tsv") if "hex" in row}
    frames = [bytes.fromhex(row["hex"]) for row in rows("frames.tsv")]
    for frame in frames:
        yield "headers", frame[4:]
        yield "connection", part(frame[4:])
        for step in (0, 3, 6):
            yield "framing", struct.pack(">H", step) + frame + frame
    yield "connection", b"".join(part(frame[4:]) for frame in frames)
    yield "framing", struct.pack(">H", 1000) + struct.pack(">i", 90_000) + bytes(90_000) + frames[0]
    for index, batch in enumerate(batches.values()):
        for choice in (0, 1, 6, 16 | 1, 32 | 1, 48 | 1, 64 | 1):
            yield "batch", bytes([choice]) + batch
        if len(batch) > 61 and batch[16] == 2:
            yield "decompress", bytes([batch[22] & 7]) + batch[61:]
        yield "segment", bytes([index % 4]) + part(batch) + batch
    yield "segment", bytes([42]) + part(batches["plain_1"]) + batches["plain_3"]
    entries = b"".join(struct.pack(">ii", base + 1, base * 43) for base in range(0, 40, 4))
    times = b"".join(struct.pack(">qi", 1_700_000_000_000 + base, base) for base in range(0, 40, 4))
    for clean in (0, 1):
        yield "index", bytes([clean]) + part(entries) + part(times) + part(b"")
        yield "index", bytes([clean | 2]) + part(entries) + part(times) + part(b"")
        yield "verify", part(b"") + bytes([1]) + part(entries) + part(times) + part(b"") + part(struct.pack(">hIi", 1, 0, 0))
        yield "index", bytes([clean]) + part(entries[:-3]) + part(times + bytes(12)) + part(bytes(34))
        for where in (0, 2):
            yield "log_state", bytes([clean | where]) + part(b"0\n1\n1 0\n") + struct.pack(">hii", 1, 0, 0)
            yield "log_state", bytes([clean | where]) + part(b"0\n2\n1 0\n3 20\n") + struct.pack(">hIi", 1, 0, 1) + bytes(60)
    texts = [b"version=1\ncluster.id=AAAAAAAAAAAAAAAAAAAAAQ\nnode.id=1\ndirectory.id=AAAAAAAAAAAAAAAAAAAAAw\n",
             b"0\n2\nt 0 2\nu 1 5\n", b"0\n1\nt 0 1\n", b"0\n1\nt 0 1\n", b'{"version":0,"brokerEpoch":5}',
             b"version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAABQ"]
    for damaged in (0, 63, *(1 << bit for bit in range(6))):
        yield "checkpoints", bytes([damaged]) + b"".join(part(text) for text in texts)
    yield "properties", b"log.dirs=/a,/b\nlisteners=PLAINTEXT://:9092,CONTROLLER://:9093\nnode.id = 1\\\n2\n"
    yield "properties", b"# c\nlog.retention.hours:168\nlog.segment.bytes 1048576\nx\\u0041=\\t\nprocess.roles=broker,controller\n"
    yield "properties", b"compression.type=zstd\nlog.cleanup.policy=compact,delete\nmax.connections.per.ip=5\n"
    state = (b'{"leaderId":1,"leaderEpoch":2,"votedId":1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAw",'
             b'"appliedOffset":0,"currentVoters":[],"data_version":1}')
    record = b"\1\2\0" + b"\2t" + bytes(15) + b"\5\0"
    yield "metadata_log", bytes([1]) + part(state) + part(record)
    for name in ("plain_1", "plain_3", "leader_change", "snapshot_header", "commit_marker", "idempotent"):
        if name in batches:
            yield "metadata_log", bytes([15]) + part(state) + part(batches[name]) * 3
    records = dict(re.findall(
        r"^(\w+): metadata log=cluster_metadata id=(\d+)", (ROOT / "src/protocol/schema/metadata_records.schema").read_text(), re.M))
    for row in rows("messages.tsv"):
        if row["message"] in records:
            framed = bytes([1, int(records[row["message"]]), int(row["version"])]) + bytes.fromhex(row["hex"])
            yield "metadata_log", bytes([0]) + part(framed)
    # A FileDescriptorProto, plain and in frames.
    file = b"\n\x0ashop.proto\x12\4shop\"\x16\n\5Order\x12\x0d\n\3sku\x18\1 \1(\tJ\0b\6proto3"
    for frame in (b"", b"\0\0\0\0\7\0", b"\0\0\0\1\2\4\2\0", b"\0\x7f\xff\xff\xff\2\xfe\xff\xff\xff\x0f", b"\0\0\0\0\1\1"):
        yield "protobuf", frame + file
        yield "protobuf", frame + file[:-3]


def main(out):
    counts = {}
    for target, data in seeds():
        folder = out / target
        folder.mkdir(parents=True, exist_ok=True)
        number = counts[target] = counts.get(target, 0) + 1
        (folder / f"seed-{number:04}").write_bytes(data)
    print(*(f"{target}: {count} seeds" for target, count in sorted(counts.items())), sep="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
