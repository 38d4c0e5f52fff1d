"""Batches in files of logs: whose they are, and one more at the end, as a later version of Kafka might have written it."""

import struct
from typing import NamedTuple


class Header(NamedTuple):
    base_offset: int
    last_offset: int
    leader_epoch: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int


def headers(data):
    at = 0
    while at + 61 <= len(data):
        base, length, leader_epoch = struct.unpack_from(">qii", data, at)
        if length == 0:  # preallocated
            return
        last, _, timestamp, producer, epoch = struct.unpack_from(">iqqqh", data, at + 23)
        yield Header(base, base + last, leader_epoch, timestamp, producer, epoch)
        at += 12 + length


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
    return crc ^ 0xFFFFFFFF


def feature_level(name, level):
    """The value of a FeatureLevelRecord."""
    return bytes([1, 12, 0, len(name) + 1]) + name.encode() + struct.pack(">hb", level, 0)


def of_type(record_type):
    """A record of a type that nobody knows: uvarint frame, type, version, and nothing in it but no tagged fields."""
    return bytes([1, record_type, 0, 0])


def append(directory, value):
    """One batch of one record behind all others."""
    log = sorted(directory.glob("*.log"))[-1]
    data = log.read_bytes()
    *_, last = headers(data)
    # Attributes, timestamp delta, offset delta, a null key, the value, no headers; lengths are below 64, zigzag.
    body = bytes([0, 0, 0, 1, len(value) * 2]) + value + bytes([0])
    record = bytes([len(body) * 2]) + body
    checked = struct.pack(">hiqqqhii", 0, 0, last.max_timestamp, last.max_timestamp, -1, -1, -1, 1) + record
    batch = struct.pack(">qiibI", last.last_offset + 1, 9 + len(checked), last.leader_epoch, 2, crc32c(checked)) + checked
    log.write_bytes(data + batch)
