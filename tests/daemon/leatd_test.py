"""leatd from outside: what it prints, when it refuses to start, how it stops.

usage: leatd_test.py PATH_OF_LEATD [unittest arguments]
"""

import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

LEATD = None
READY = re.compile(
    r"^leatd ready: listeners=(?P<listeners>\S+) cluster\.id=(?P<cluster>[A-Za-z0-9_-]{22}) "
    r"log\.dirs=(?P<dirs>\S+) in (?P<ms>\d+) ms$"
)

# The settings of the file that Kafka comes with.
STOCK_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=localhost:9093
listeners=PLAINTEXT://:9092,CONTROLLER://:9093
inter.broker.listener.name=PLAINTEXT
advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600
log.dirs=/tmp/kraft-combined-logs
num.partitions=1
num.recovery.threads.per.data.dir=1
offsets.topic.replication.factor=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.retention.hours=168
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
"""


class Daemon:
    """A leatd that runs until the end of its `with`."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [LEATD, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.line = self.process.stdout.readline().rstrip("\n")
        self.ready = READY.match(self.line)
        if not self.ready:
            self.process.kill()
            out, err = self.process.communicate()
            raise AssertionError(f"not ready: {self.line!r} {out!r} {err!r}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    @property
    def port(self):
        return int(self.ready["listeners"].rsplit(":", 1)[1])

    def stop(self, how=signal.SIGTERM):
        """The exit status, and what it wrote after it was ready."""
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1])


class LeatdTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="leatd-test-")
        self.addCleanup(self.directory.cleanup)
        self.data = os.path.join(self.directory.name, "data")

    def settings(self, port=0, data=None):
        return [
            "--set", f"log.dirs={data or self.data}",
            "--set", f"listeners=PLAINTEXT://127.0.0.1:{port}",
        ]

    def start(self, *arguments):
        return Daemon(*self.settings(), *arguments)

    def refuse(self, *arguments):
        """The one sentence of a leatd that cannot start."""
        done = subprocess.run([LEATD, *arguments], capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stdout, "")
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertTrue(lines[0].startswith("leatd: "), lines[0])
        return lines[0]

    def properties(self, text):
        path = os.path.join(self.directory.name, "server.properties")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_ready_line_has_the_port_that_was_bound_and_the_data_directory(self):
        with self.start() as daemon:
            self.assertNotEqual(daemon.port, 0)
            self.assertEqual(daemon.ready["dirs"], self.data)

    def test_it_answers_as_soon_as_it_says_that_it_is_ready(self):
        with self.start() as daemon:
            with socket.create_connection(("127.0.0.1", daemon.port), timeout=10) as client:
                body = struct.pack(">hhih", 18, 0, 7, 4) + b"test"  # ApiVersions v0
                client.sendall(struct.pack(">i", len(body)) + body)
                size, correlation, error = struct.unpack(">iih", client.recv(10, socket.MSG_WAITALL))
                self.assertGreater(size, 10)
                self.assertEqual((size - 10) % 6, 0)  # key, first and last version of each api
                self.assertEqual((correlation, error), (7, 0))

    def test_sigterm_and_sigint_stop_it_cleanly(self):
        for how in (signal.SIGTERM, signal.SIGINT):
            with self.start() as daemon:
                status, out, _ = daemon.stop(how)
            self.assertEqual((status, out), (0, ""))

    def test_clients_do_not_keep_it_from_stopping(self):
        with self.start() as daemon:
            with socket.create_connection(("127.0.0.1", daemon.port)) as client:
                client.sendall(b"\0\0")  # half a prefix
                self.assertEqual(daemon.stop()[0], 0)

    def test_a_restart_is_the_same_cluster(self):
        with self.start() as daemon:
            first = daemon.ready["cluster"]
            daemon.stop()
        with self.start() as daemon:
            self.assertEqual(daemon.ready["cluster"], first)

    def test_it_starts_again_after_a_kill(self):
        with self.start() as daemon:
            first = daemon.ready["cluster"]
            daemon.stop(signal.SIGKILL)
        with self.start() as daemon:
            self.assertEqual(daemon.ready["cluster"], first)

    def test_a_misspelt_key_is_refused_with_a_suggestion(self):
        line = self.refuse(*self.settings(), "--set", "log.segmnt.bytes=1048576")
        self.assertIn("log.segmnt.bytes", line)
        self.assertIn("log.segment.bytes", line)
        self.assertFalse(os.path.exists(self.data))

    def test_a_bad_value_is_refused(self):
        line = self.refuse(*self.settings(), "--set", "num.partitions=many")
        self.assertIn("num.partitions", line)
        self.assertIn("many", line)

    def test_a_bad_value_in_a_file_is_refused(self):
        line = self.refuse(self.properties("num.partitions=0\n"), *self.settings())
        self.assertIn("num.partitions", line)

    def test_a_missing_file_is_refused(self):
        self.assertIn("/no/such.properties", self.refuse("/no/such.properties"))

    def test_an_option_that_does_not_exist_is_refused(self):
        self.assertIn("--sett", self.refuse("--sett", "a=b"))

    def test_set_without_a_value_is_refused(self):
        self.assertIn("KEY=VALUE", self.refuse("--set", "num.partitions"))

    def test_a_directory_in_use_is_refused_with_its_owner(self):
        with self.start() as daemon:
            line = self.refuse(*self.settings())
            self.assertIn(self.data, line)
            self.assertIn(str(daemon.process.pid), line)
            self.assertEqual(daemon.stop()[0], 0)

    def test_a_port_in_use_is_refused_and_leaves_no_trace(self):
        with self.start() as daemon:
            other = os.path.join(self.directory.name, "other")
            line = self.refuse(*self.settings(daemon.port, other))
            self.assertIn(str(daemon.port), line)
            self.assertIn("in use", line)
            self.assertFalse(os.path.exists(other))

    def test_a_setting_on_the_command_line_wins_over_the_file(self):
        path = self.properties("log.dirs=/nonexistent/leat\nlisteners=PLAINTEXT://127.0.0.1:1\n")
        with Daemon(path, *self.settings()) as daemon:
            self.assertEqual(daemon.ready["dirs"], self.data)

    def test_kafkas_own_server_properties_start_it(self):
        path = self.properties(STOCK_PROPERTIES)
        with Daemon(path, *self.settings(), "--set", "advertised.listeners=", "--log-level", "warning") as daemon:
            status, _, err = daemon.stop()
        self.assertEqual(status, 0, err)

    def test_a_key_of_kafkas_that_is_ignored_gives_one_warning(self):
        key = "replica.socket.receive.buffer.bytes"
        with self.start("--set", f"{key}=65536", "--log-level", "warning") as daemon:
            status, _, err = daemon.stop()
        self.assertEqual(status, 0, err)
        lines = [line for line in err.splitlines() if key in line]
        self.assertEqual(len(lines), 1, err)
        self.assertIn("warning", lines[0])

    def test_help_and_version_go_to_standard_output(self):
        for option, expected in (("--help", "--set KEY=VALUE"), ("--version", "leatd ")):
            done = subprocess.run([LEATD, option], capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn(expected, done.stdout)

    def test_it_idles_in_little_memory(self):
        with self.start() as daemon:
            self.assertLess(resident_kib(daemon.process.pid), 15 * 1024)


if __name__ == "__main__":
    LEATD = os.path.abspath(sys.argv.pop(1))
    unittest.main()
