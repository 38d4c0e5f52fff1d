"""Misbehaving clients of a real leatd: what only sockets can do. The rest is in tests/broker/bad_input_test.cc.

usage: bad_input_test.py PATH_OF_LEATD [unittest arguments]

After each test the daemon still serves, its log is what it was, its memory is bounded, and it stops with status 0
(under a sanitizer: without a report).
"""

import gzip
import os
import random
import socket
import struct
import sys
import threading
import time
import unittest
import zlib

from wire import API_VERSIONS, METADATA, Client, Daemon, batch, fetch, produce, record, request

LEATD = None
SANITIZED = bool(os.environ.get("LEAT_SANITIZED"))
CALM_MS = 2000 if SANITIZED else 500  # no well-behaved call takes longer, whatever others do; the machine may be busy
GROWTH_KIB = 250 * 1024  # of a daemon that is abused; inflating, on three threads, takes most of it


class Abuse(unittest.TestCase):
    settings = {}

    def setUp(self):
        self.daemon = Daemon(LEATD, **self.settings)
        self.addCleanup(self.daemon.__exit__)
        self.good = Client(self.daemon.port)
        self.good.create_topic("t")
        self.assertEqual(self.good.produce_error("t", batch(record(b"sound"), 1)), (0, 0))
        self.end = 1
        self.before = self.daemon.resident_kib()
        self.open = []

    def tearDown(self):
        self.assertIsNone(self.daemon.process.poll(), self.daemon.output())
        self.assertEqual(self.good.log_end("t"), self.end)
        self.assertEqual(self.good.produce_error("t", batch(record(b"after"), 1)), (0, self.end))
        if not SANITIZED:
            self.assertLess(self.daemon.peak_kib() - self.before, GROWTH_KIB)
        self.good.close()
        for one in self.open:
            one.close()
        self.assertEqual(self.daemon.stop(), 0, self.daemon.output())

    def connect(self):
        bad = socket.create_connection(("127.0.0.1", self.daemon.port), timeout=60)
        self.open.append(bad)
        return bad

    def assert_closed_silently(self, data):
        bad = self.connect()
        try:
            bad.sendall(data)
            self.assertEqual(bad.recv(100), b"")
        except ConnectionError:
            pass  # closed with some of our bytes unread
        bad.close()

    def assert_calm(self, calls=50):
        """A well-behaved client is served at its usual pace."""
        slowest = 0
        for _ in range(calls):
            began = time.monotonic()
            self.assertEqual(self.good.api_versions(), 0)
            slowest = max(slowest, time.monotonic() - began)
        self.assertLess(slowest * 1000, CALM_MS)


class Frames(Abuse):
    settings = {"socket.request.max.bytes": 1_000_000}

    def test_other_protocols_are_closed(self):
        for data in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
                     b"\xff" * 100, b"SSH-2.0-OpenSSH_9.2\r\n"):
            self.assert_closed_silently(data)

    def test_sizes_that_are_negative_or_too_large_are_closed(self):
        for size in (-1, -2**31, 1_000_001, 2**31 - 1):
            self.assert_closed_silently(struct.pack(">i", size))

    def test_frames_too_small_for_a_header_are_closed(self):
        for size in range(8):
            self.assert_closed_silently(struct.pack(">i", size) + bytes(size))

    def test_garbage_in_frames_is_closed(self):
        chance = random.Random(1)
        for _ in range(200):
            body = b"\x7f" + chance.randbytes(chance.randrange(8, 300))
            self.assert_closed_silently(struct.pack(">i", len(body)) + body)

    def test_a_client_that_goes_in_the_middle_of_a_frame_leaves_nothing(self):
        frame = produce("t", batch(record(b"never"), 1))
        for cut in range(1, len(frame) - 1, 7):
            bad = self.connect()
            bad.sendall(frame[:cut])
            bad.close()
        self.assert_calm()

    def test_a_reset_while_answers_are_on_their_way_is_harmless(self):
        for _ in range(50):
            bad = self.connect()
            bad.sendall(request(METADATA, 1, struct.pack(">i", -1)) * 50)
            bad.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            bad.close()
        self.assert_calm()

    def test_one_byte_at_a_time_is_served_and_delays_nobody(self):
        bad = Client(self.daemon.port)
        for byte in request(API_VERSIONS, 0, b""):
            bad.socket.sendall(bytes([byte]))
            self.assert_calm(2)
        self.assertEqual(struct.unpack(">h", bad.answer()[:2])[0], 0)
        bad.close()


class Memory(Abuse):
    def test_announcements_cost_nothing_and_delay_nobody(self):
        for _ in range(60):
            self.connect().sendall(struct.pack(">i", 100 << 20) + bytes(50))
        self.assert_calm()
        large = os.urandom(900_000)
        self.assertEqual(self.good.produce_error("t", batch(record(large), 1)), (0, 1))
        self.end = 2

    def test_a_thousand_half_open_connections_delay_nobody(self):
        for number in range(1000):
            bad = self.connect()
            bad.sendall(struct.pack(">i", 60_000)[: number % 5] if number % 5 < 4 else struct.pack(">i", 60_000) + b"x")
        self.assert_calm()

    def test_a_client_that_never_reads_is_read_no_longer(self):
        for offset in range(1, 9):
            self.assertEqual(self.good.produce_error("t", batch(record(os.urandom(900_000)), 1)), (0, offset))
        self.end = 9
        before = self.daemon.resident_kib()
        stuck = 0
        for _ in range(20):
            bad = self.connect()
            bad.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            bad.setblocking(False)
            try:
                for _ in range(200_000):
                    bad.send(fetch("t", 1) * 20)
            except BlockingIOError:
                stuck += 1
        self.assertEqual(stuck, 20)
        self.assert_calm()
        if not SANITIZED:
            self.assertLess(self.daemon.resident_kib() - before, GROWTH_KIB)

    def test_bombs_are_refused_in_bounded_memory(self):
        zeros = zlib.compressobj(9, zlib.DEFLATED, 31)
        bomb = b"".join(zeros.compress(bytes(1 << 20)) for _ in range(400)) + zeros.flush()
        self.assertLess(len(bomb), 1_000_000)
        refused = []

        def send():
            client = Client(self.daemon.port)
            refused.append(client.produce_error("t", batch(bomb, 1, codec=1))[0])
            client.close()

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(refused, [10] * 8)

    def test_batches_that_do_not_inflate_are_refused(self):
        sound = gzip.compress(record(b"v" * 1000))
        for bad in (sound[:-9], sound[:20], b"\0" * 50, sound[:15] + b"\xff" * 10 + sound[25:]):
            self.assertNotEqual(self.good.produce_error("t", batch(bad, 1, codec=1))[0], 0)

    def test_arrays_of_tiny_elements_are_closed(self):
        names = struct.pack(">i", 3_000_000) + bytes(6_000_000)
        self.assert_closed_silently(request(20, 1, names + struct.pack(">i", 1000)))


class Times(Abuse):
    settings = {"connections.max.idle.ms": 1000}

    def test_idle_connections_are_closed(self):
        bad = self.connect()
        began = time.monotonic()
        while True:
            self.good.api_versions()  # keeps this one alive
            bad.settimeout(0.1)
            try:
                self.assertEqual(bad.recv(1), b"")
                break
            except socket.timeout:
                self.assertLess(time.monotonic() - began, 30)
        self.assertGreater(time.monotonic() - began, 0.9)


class Counts(Abuse):
    settings = {"max.connections.per.ip": 20, "queued.max.request.bytes": 1_000_000}

    def test_connections_above_the_limit_are_closed_and_places_come_back(self):
        held = [self.connect() for _ in range(19)]
        for _ in range(30):
            self.assert_closed_silently(b"")
        self.assert_calm()
        for one in held:
            one.close()
        for _ in range(500):
            again = Client(self.daemon.port)
            try:
                self.assertEqual(again.api_versions(), 0)
                return
            except ConnectionError:
                pass  # the daemon has not noticed yet
            finally:
                again.close()
        self.fail("no place came back")

    def test_a_request_above_the_memory_limit_is_taken_alone(self):
        self.assertEqual(self.good.produce_error("t", batch(record(os.urandom(1_040_000)), 1)), (0, 1))
        self.end = 2


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    LEATD = sys.argv.pop(1)
    unittest.main()
