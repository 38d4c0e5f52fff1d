"""Just enough of Kafka's protocol, on plain sockets, to be well-behaved and to misbehave; and a leatd to do it to."""

import os
import re
import socket
import struct
import subprocess
import tempfile
import time

PRODUCE, FETCH, LIST_OFFSETS, METADATA, API_VERSIONS, CREATE_TOPICS = 0, 1, 2, 3, 18, 19


def crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


CRC_TABLE = crc32c_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def varint(value):
    value = value << 1 ^ value >> 63
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def record(value, delta=0):
    body = b"\0" + varint(0) + varint(delta) + varint(-1) + varint(len(value)) + value + varint(0)
    return varint(len(body)) + body


def batch(records, count, codec=0):
    """A batch around the bytes of its records, which may be compressed, or lie."""
    now = int(time.time() * 1000)
    tail = struct.pack(">hiqqqhii", codec, count - 1, now, now, -1, -1, -1, count) + records
    return struct.pack(">qiibI", 0, len(tail) + 9, -1, 2, crc32c(tail)) + tail


def string(text):
    return struct.pack(">h", len(text)) + text.encode()


def request(key, version, body, correlation=7):
    """A frame with its size; header version 1."""
    frame = struct.pack(">hhi", key, version, correlation) + string("badinput") + body
    return struct.pack(">i", len(frame)) + frame


def produce(topic, records, acks=-1, correlation=7):
    body = struct.pack(">hhii", -1, acks, 30000, 1) + string(topic) + struct.pack(">iii", 1, 0, len(records)) + records
    return request(PRODUCE, 3, body, correlation)


def fetch(topic, offset, correlation=7, max_wait_ms=0):
    body = struct.pack(">iiiib", -1, max_wait_ms, 1, 50 << 20, 0) + struct.pack(">i", 1) + string(topic)
    return request(FETCH, 4, body + struct.pack(">iiqi", 1, 0, offset, 1 << 20), correlation)


class Client:
    """Well-behaved."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def receive(self, size):
        data = b""
        while len(data) < size:
            got = self.socket.recv(size - len(data))
            if not got:
                raise ConnectionError("closed")
            data += got
        return data

    def answer(self):
        """The body behind correlation id."""
        size = struct.unpack(">i", self.receive(4))[0]
        return self.receive(size)[4:]

    def call(self, frame):
        self.socket.sendall(frame)
        return self.answer()

    def create_topic(self, name):
        body = struct.pack(">i", 1) + string(name) + struct.pack(">ihii", 1, 1, 0, 0) + struct.pack(">ib", 10000, 0)
        self.call(request(CREATE_TOPICS, 2, body))

    def produce_error(self, topic, records):
        """Error code and base offset of a Produce with acks=all."""
        answer = self.call(produce(topic, records))
        return struct.unpack(">hq", answer[4 + 2 + len(topic) + 4 + 4:][:10])

    def log_end(self, topic):
        body = struct.pack(">ii", -1, 1) + string(topic) + struct.pack(">iiq", 1, 0, -1)
        answer = self.call(request(LIST_OFFSETS, 1, body))
        error, _, offset = struct.unpack(">hqq", answer[4 + 2 + len(topic) + 4 + 4:][:18])
        return offset if error == 0 else -1000 - error

    def api_versions(self):
        return struct.unpack(">h", self.call(request(API_VERSIONS, 0, b""))[:2])[0]

    def close(self):
        self.socket.close()


class Daemon:
    """A leatd on a directory of its own, for the length of a `with`."""

    READY = re.compile(r"leatd ready: listeners=\S+:(\d+) ")

    def __init__(self, leatd, **settings):
        self.directory = tempfile.TemporaryDirectory(prefix="leat-badinput-")
        settings = {"log.dirs": self.directory.name + "/data", "listeners": "PLAINTEXT://127.0.0.1:0",
                    **{name.replace("_", "."): value for name, value in settings.items()}}
        arguments = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
        self.log = open(self.directory.name + "/log", "w+", encoding="utf-8")
        self.process = subprocess.Popen([leatd, *arguments], stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.line = self.process.stdout.readline()
        ready = self.READY.match(self.line)
        if not ready:
            self.process.kill()
            raise RuntimeError(f"leatd is not ready: {self.line} {self.output()}")
        self.port = int(ready[1])

    def output(self):
        self.log.seek(0)
        return self.log.read()

    def status(self, name):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(rf"^{name}:\s+(\d+)", status.read(), re.M)[1])

    def resident_kib(self):
        return self.status("VmRSS")

    def peak_kib(self):
        return self.status("VmHWM")

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        """The exit status after SIGTERM."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.stdout.close()
        return self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.log.close()
        self.directory.cleanup()
