"""leat from outside, against a leatd: what each command prints, and how it fails.

usage: leat_test.py FOLDER_OF_LEAT_AND_LEATD [unittest arguments]
"""

import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

BIN = None
READY = re.compile(r"^leatd ready: listeners=PLAINTEXT://(\S+) ")
PATIENCE = 60


class Daemon:
    """A leatd on a free port, in a directory of its own, until stop()."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="leat-cli-test-")
        self.data = os.path.join(self.directory.name, "data")
        self.process = subprocess.Popen(
            [os.path.join(BIN, "leatd"), "--set", f"log.dirs={self.data}",
             "--set", "listeners=PLAINTEXT://127.0.0.1:0", "--log-level", "warning"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        ready = READY.match(line)
        if not ready:
            self.stop()
            raise AssertionError(f"leatd is not ready: {line!r}")
        self.bootstrap = ready[1]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self.directory.cleanup()


def run(*words, stdin=b""):
    """status, standard output, standard error"""
    done = subprocess.run([os.path.join(BIN, "leat"), *map(str, words)], input=stdin, capture_output=True,
                          timeout=PATIENCE, check=False)
    return done.returncode, done.stdout, done.stderr.decode()


class LeatTest(unittest.TestCase):
    maxDiff = None

    def good(self, *words, stdin=b""):
        status, out, err = run(*words, stdin=stdin)
        self.assertEqual(status, 0, err)
        return out

    def refused(self, *words, status=1, stdin=b""):
        """The one sentence of a leat that failed."""
        got, out, err = run(*words, stdin=stdin)
        self.assertEqual(got, status, (out, err))
        self.assertRegex(err, r"\Aleat: [^\n]+\n\Z")
        return err[len("leat: "):].strip()


class BrokerTest(LeatTest):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.addClassCleanup(cls.daemon.stop)
        cls.topics = 0

    def on(self, *words):
        return [*words, "-b", self.daemon.bootstrap]

    def leat(self, *words, stdin=b""):
        return self.good(*self.on(*words), stdin=stdin)

    def leat_refused(self, *words, status=1, stdin=b""):
        return self.refused(*self.on(*words), status=status, stdin=stdin)

    def topic(self, partitions=1):
        type(self).topics += 1
        name = f"topic-{self.topics}"
        self.leat("topic", "create", name, "--partitions", partitions)
        return name


class Topics(BrokerTest):
    def test_a_created_topic_is_listed_and_described(self):
        self.leat("topic", "create", "orders", "--partitions", 3, "--replication-factor", 1, "-c", "retention.ms=3600000",
                  "-c", "segment.bytes=1048576")
        self.assertIn(b"orders\n", self.leat("topic", "list"))
        listed = [json.loads(line) for line in self.leat("topic", "list", "--json").splitlines()]
        self.assertIn(("orders", 3), [(topic["name"], topic["partitions"]) for topic in listed])
        lines = self.leat("topic", "describe", "orders").decode().splitlines()
        self.assertRegex(lines[0], r"^orders: 3 partitions, id \S{22}$")
        self.assertEqual(lines[1].split(), ["PARTITION", "LEADER", "EPOCH", "REPLICAS", "ISR", "START", "END"])
        self.assertEqual(len(lines), 5)

    def test_describe_shows_where_a_partition_starts_and_ends(self):
        name = self.topic(2)
        self.leat("produce", name, "-p", 1, stdin=b"a\nb\n")
        topic = json.loads(self.leat("topic", "describe", name, "--json"))
        self.assertEqual([(p["start_offset"], p["end_offset"]) for p in topic["partitions"]], [(0, 0), (0, 2)])
        leader = topic["partitions"][0]["leader"]
        self.assertEqual(topic["partitions"][0]["isr"], [leader])

    def test_describe_without_a_name_shows_all(self):
        names = {self.topic(), self.topic()}
        shown = {json.loads(line)["name"] for line in self.leat("topic", "describe", "--json").splitlines()}
        self.assertLessEqual(names, shown)

    def test_a_deleted_topic_is_gone(self):
        name = self.topic()
        self.leat("topic", "delete", name)
        self.assertNotIn(name.encode(), self.leat("topic", "list").split())
        self.assertIn(f"there is no topic {name}", self.leat_refused("topic", "delete", name))

    def test_settings_of_a_topic_change(self):
        name = self.topic()
        self.leat("topic", "alter", name, "--set", "max.message.bytes=100", "--set", "retention.ms=1000")
        self.assertIn("MESSAGE_TOO_LARGE", self.leat_refused("produce", name, stdin=b"x" * 200 + b"\n"))
        self.leat("topic", "alter", name, "--unset", "max.message.bytes")
        self.leat("produce", name, stdin=b"x" * 200 + b"\n")
        self.assertIn("INVALID_CONFIG", self.leat_refused("topic", "alter", name, "--set", "retention.ms=soon"))
        self.assertIn("there is no topic nowhere", self.leat_refused("topic", "alter", "nowhere", "--set", "retention.ms=1"))
        self.assertIn("nothing to change", self.leat_refused("topic", "alter", name, status=2))

    def test_records_are_deleted_up_to_an_offset_or_all(self):
        name = self.topic()
        self.leat("produce", name, stdin=b"a\nb\nc\n")
        self.assertEqual(self.leat("topic", "delete-records", name, "-p", 0, "--before", 1),
                         f"{name}-0 starts at 1\n".encode())
        self.assertEqual(self.leat("topic", "delete-records", name, "--all"), f"{name}-0 starts at 3\n".encode())
        self.assertIn("OFFSET_OUT_OF_RANGE", self.leat_refused("topic", "delete-records", name, "-p", 0, "--before", 4))
        self.assertIn("--all", self.leat_refused("topic", "delete-records", name, status=2))

    def test_a_topic_is_not_created_twice(self):
        name = self.topic()
        self.assertIn("TOPIC_ALREADY_EXISTS", self.leat_refused("topic", "create", name))

    def test_the_broker_says_which_setting_it_refuses(self):
        self.assertIn("INVALID_CONFIG", self.leat_refused("topic", "create", "odd", "-c", "retention.ms=soon"))

    def test_a_setting_without_a_value_is_a_mistake(self):
        self.assertIn("KEY=VALUE", self.leat_refused("topic", "create", "odd", "-c", "retention.ms", status=2))

    def test_a_topic_that_is_not_there_cannot_be_described(self):
        self.assertIn("there is no topic nowhere", self.leat_refused("topic", "describe", "nowhere"))


class Records(BrokerTest):
    def test_each_line_is_a_record(self):
        name = self.topic()
        self.leat("produce", name, stdin=b"one\n\nthree, without an end")
        self.assertEqual(self.leat("consume", name), b"one\n\nthree, without an end\n")

    def test_keys_values_and_headers_come_back(self):
        name = self.topic()
        self.leat("produce", name, "--key-separator", ":", "-H", "source=shop", "-H", "empty=", stdin=b"alice:2:books\n:none\n")
        shown = self.leat("consume", name, "--format", r"%t %p %o [%k] [%v] %K %V %h %%\n").decode().splitlines()
        self.assertEqual(shown, [f"{name} 0 0 [alice] [2:books] 5 7 source=shop,empty= %",
                                 f"{name} 0 1 [] [none] 0 4 source=shop,empty= %"])

    def test_json_tells_null_from_empty_and_text_from_bytes(self):
        name = self.topic()
        self.leat("produce", name, "-k", "alice", "--value", "", "--null-value")
        self.leat("produce", name, "--value", "")
        self.leat("produce", name, stdin=b"\xff\xfe\n")
        records = [json.loads(line) for line in self.leat("consume", name, "--format", "json").splitlines()]
        self.assertEqual((records[0]["key"], records[0]["value"], records[0]["headers"]), ("alice", None, []))
        self.assertEqual((records[1]["key"], records[1]["value"]), (None, ""))
        self.assertEqual(records[2]["value_base64"], "//4=")
        self.assertGreater(records[0]["timestamp"], 1_600_000_000_000)

    def test_every_codec_and_every_acks_delivers(self):
        name = self.topic()
        sent = []
        for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
            for acks in ("all", "1", "0"):
                line = f"{codec} {acks}"
                sent.append(line)
                self.leat("produce", name, "--compression", codec, "--acks", acks, stdin=line.encode())
        self.assertEqual(sorted(self.leat("consume", name).decode().splitlines()), sorted(sent))

    def test_a_file_is_read_instead_of_standard_input(self):
        name = self.topic()
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"".join(b"%d\n" % number for number in range(20_000)))
            file.flush()
            _, _, err = run(*self.on("produce", name, "-v", "--file", file.name))
        self.assertRegex(err, r"^produced 20000 records, 0\.09 MB in .* records/s")
        self.assertEqual(len(self.leat("consume", name).splitlines()), 20_000)

    def test_a_line_longer_than_any_buffer_is_one_record(self):
        name = self.topic()
        self.leat("produce", name, stdin=b"x" * 500_000)
        self.assertEqual(self.leat("consume", name, "--format", "%V"), b"500000")

    def test_the_first_record_that_failed_is_named(self):
        name = self.topic()
        said = self.leat_refused("produce", name, "--batch-bytes", 1, stdin=b"fine\n" + b"x" * 2_000_000 + b"\nfine\n")
        self.assertIn("1 of 3 records failed", said)
        self.assertIn("line 2", said)
        self.assertIn("TOO_LARGE", said)
        self.assertEqual(self.leat("consume", name), b"fine\nfine\n")

    def test_a_line_without_the_key_separator_is_named(self):
        name = self.topic()
        self.assertIn("line 2", self.leat_refused("produce", name, "--key-separator", ":", stdin=b"a:b\nc\nd:e\n"))
        self.assertEqual(self.leat("consume", name), b"b\n")

    def test_a_partition_that_is_not_there_is_refused(self):
        name = self.topic(2)
        self.assertIn("INVALID_PARTITIONS", self.leat_refused("produce", name, "-p", 7, "--value", "x"))
        self.assertIn("no partition 7; its partitions are 0 to 1", self.leat_refused("consume", name, "-p", "0,7"))

    def test_a_topic_that_is_not_there_is_refused_at_once(self):
        for command in ("produce", "consume"):
            self.assertIn("there is no topic nowhere; create it with: leat topic create nowhere",
                          self.leat_refused(command, "nowhere"))

    def test_from_says_where_to_start(self):
        name = self.topic()
        self.leat("produce", name, stdin=b"0\n1\n2\n3\n4\n")
        self.assertEqual(self.leat("consume", name, "--from", "3"), b"3\n4\n")
        self.assertEqual(self.leat("consume", name, "--from", "-2"), b"3\n4\n")
        self.assertEqual(self.leat("consume", name, "--from", "-99"), b"0\n1\n2\n3\n4\n")
        self.assertEqual(self.leat("consume", name, "--from", "end"), b"")
        self.assertEqual(self.leat("consume", name, "--from", "5"), b"")
        self.assertEqual(self.leat("consume", name, "--from", "beginning", "-n", 2), b"0\n1\n")
        said = self.leat_refused("consume", name, "--from", "6")
        self.assertIn("partition 0 has offsets from 0 up to 5, and not 6", said)

    def test_from_takes_a_time(self):
        name = self.topic()
        self.leat("produce", name, "--value", "early")
        timestamp = int(self.leat("consume", name, "--format", "%T"))
        self.assertEqual(self.leat("consume", name, "--from", f"@{timestamp}"), b"early\n")
        self.assertEqual(self.leat("consume", name, "--from", f"@{timestamp + 1}"), b"")
        self.assertEqual(self.leat("consume", name, "--from", "2001-02-03T04:05:06+07:00"), b"early\n")
        self.assertEqual(self.leat("consume", name, "--from", "9999-01-01"), b"")

    def test_a_start_or_a_format_without_meaning_is_a_mistake(self):
        for start in ("yesterday", "2026-13-01", "2026-02-30", "@", "1x"):
            self.assertIn("--from", self.leat_refused("consume", "any", "--from", start, status=2))
        for text in ("%q", "%", r"%v\y", r"\x4", "", "nothing"):
            self.assertIn("--format", self.leat_refused("consume", "any", "--format", text, status=2))

    def test_only_the_chosen_partitions_are_read(self):
        name = self.topic(3)
        for partition in range(3):
            self.leat("produce", name, "-p", partition, "--value", f"in {partition}")
        shown = self.leat("consume", name, "-p", "0,2").splitlines()
        self.assertEqual(sorted(shown), [b"in 0", b"in 2"])

    def test_follow_shows_what_comes_and_ends_with_an_interrupt(self):
        name = self.topic()
        self.leat("produce", name, "--value", "before")
        with subprocess.Popen([os.path.join(BIN, "leat"), *self.on("consume", name, "--follow")],
                              stdout=subprocess.PIPE) as follower:
            self.assertEqual(follower.stdout.readline(), b"before\n")
            self.leat("produce", name, "--value", "after")
            self.assertEqual(follower.stdout.readline(), b"after\n")
            follower.send_signal(signal.SIGINT)
            self.assertEqual(follower.stdout.read(), b"")
            self.assertEqual(follower.wait(PATIENCE), 130)

    def test_follow_stops_at_the_count(self):
        name = self.topic()
        self.leat("produce", name, stdin=b"1\n2\n3\n")
        self.assertEqual(self.leat("consume", name, "-f", "-n", 2), b"1\n2\n")

    def test_a_reader_that_goes_away_is_no_failure(self):
        name = self.topic()
        self.leat("produce", name, stdin=b"x" * 99 + b"\n" + (b"y" * 99 + b"\n") * 20_000)
        with subprocess.Popen([os.path.join(BIN, "leat"), *self.on("consume", name)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as consumer:
            consumer.stdout.readline()
            consumer.stdout.close()
            self.assertEqual(consumer.stderr.read(), b"")
            self.assertEqual(consumer.wait(PATIENCE), 0)

    def test_an_interrupt_sends_what_was_read(self):
        name = self.topic()
        with subprocess.Popen([os.path.join(BIN, "leat"), *self.on("produce", name, "--linger-ms", "60000")],
                              stdin=subprocess.PIPE) as producer:
            producer.stdin.write(b"typed\n" * 50_000)  # more than a pipe holds: it is reading when this returns
            producer.stdin.flush()
            producer.send_signal(signal.SIGINT)
            self.assertEqual(producer.wait(PATIENCE), 130)
        shown = self.leat("consume", name).splitlines()
        self.assertEqual(set(shown), {b"typed"})


class Dumps(BrokerTest):
    def partition(self, name, partition=0):
        return os.path.join(self.daemon.data, f"{name}-{partition}")

    def filled(self):
        name = self.topic()
        self.leat("produce", name, "-k", "alice", "--compression", "zstd", "-H", "a=b", stdin=b"one\ntwo \x01\n")
        self.leat("produce", name, "--value", "three", "--acks", "1")
        return self.partition(name)

    def copy(self, directory):
        """Of its first segment, to be damaged."""
        copies = tempfile.TemporaryDirectory(prefix="orders-")
        self.addCleanup(copies.cleanup)
        name = "0" * 20 + ".log"
        with open(os.path.join(directory, name), "rb") as file:
            content = bytearray(file.read())
        return content, os.path.join(copies.name, name)

    def dump_damaged(self, content, path):
        with open(path, "wb") as file:
            file.write(content)
        status, out, err = run("log", "dump", path)
        self.assertEqual(status, 1, out)
        self.assertIn("invalid", err)
        return out.decode()

    def test_batches_are_shown(self):
        lines = self.good("log", "dump", self.filled()).decode().splitlines()
        self.assertRegex(lines[0], r"^0{20}\.log: \d+ bytes$")
        self.assertRegex(lines[1], r"^baseOffset: 0 lastOffset: 1 count: 2 size: \d+ position: 0 partitionLeaderEpoch: \d+ "
                                   r"producerId: \d+ producerEpoch: 0 baseSequence: 0 lastSequence: 1 baseTimestamp: \S+Z "
                                   r"CreateTime: \S+Z magic: 2 compression: zstd crc: [0-9a-f]{8} isValid: true$")
        self.assertRegex(lines[2], r"^baseOffset: 2 lastOffset: 2 count: 1 .* compression: none ")
        self.assertEqual(len(lines), 3)

    def test_records_are_shown_safely(self):
        lines = self.good("log", "dump", self.filled(), "--records").decode().splitlines()
        self.assertRegex(lines[2], r'^  \| offset: 0 CreateTime: \S+Z key: "alice" value: "one" headers: a="b"$')
        self.assertIn(r'value: "two \x01"', lines[3])
        self.assertIn('key: null value: "three"', lines[5])

    def test_json_has_a_batch_a_line(self):
        batches = [json.loads(line) for line in self.good("log", "dump", self.filled(), "--json", "--records").splitlines()]
        self.assertEqual([(b["baseOffset"], b["count"], b["compression"], b["isValid"]) for b in batches],
                         [(0, 2, "zstd", True), (2, 1, "none", True)])
        self.assertEqual([r["value"] for r in batches[0]["records"]], ["one", "two \x01"])
        self.assertEqual(batches[0]["records"][0]["headers"], [{"key": "a", "value": "b"}])

    def test_the_cluster_metadata_is_understood(self):
        name = self.topic()
        directory = self.partition("__cluster_metadata")
        out = self.good("log", "dump", directory, "--records").decode()
        self.assertRegex(out, rf'TopicRecord v0 {{"name":"{name}"')
        self.assertIn(" LeaderChangeMessage v", out)
        self.assertNotIn("not understood", out)
        records = [r for line in self.good("log", "dump", directory, "--records", "--json").splitlines()
                   for r in json.loads(line)["records"]]
        self.assertIn(name, [r["data"]["name"] for r in records if r["type"] == "TopicRecord"])

    def test_a_flipped_bit_is_found_and_what_follows_is_shown(self):
        content, path = self.copy(self.filled())
        content[70] ^= 1
        lines = self.dump_damaged(content, path).splitlines()
        self.assertRegex(lines[1], r"isValid: false INVALID: its CRC is [0-9a-f]{8} and not [0-9a-f]{8}$")
        self.assertIn("isValid: true", lines[2])

    def test_a_torn_batch_at_the_end_is_found(self):
        content, path = self.copy(self.filled())
        out = self.dump_damaged(content[:-5], path)
        self.assertRegex(out, r"INVALID: from position \d+ to the end \d+ bytes are no batch: a batch at offset 2 that is cut")

    def test_junk_and_zeros_at_the_end_are_found(self):
        content, path = self.copy(self.filled())
        self.assertRegex(self.dump_damaged(content + b"junk" * 20, path), r"the end 80 bytes are no batch: .*magic")
        self.assertRegex(self.dump_damaged(content + bytes(100_000), path), r"the end 100000 bytes are no batch: zeros")
        self.assertRegex(self.dump_damaged(content + b"x", path), r"the end 1 byte is no batch: .*cut in its header")

    def test_a_batch_below_its_segment_is_found(self):
        content, path = self.copy(self.filled())
        content[0:8] = struct.pack(">q", -5)
        self.assertIn("its offsets should not start below 0", self.dump_damaged(content, path))

    def test_what_is_no_partition_is_refused(self):
        self.assertIn("there is no /no/such", self.refused("log", "dump", "/no/such"))
        with tempfile.TemporaryDirectory() as directory:
            os.mkdir(os.path.join(directory, "orders-0"))
            said = self.refused("log", "dump", directory)
            self.assertIn(f"holds no segments (*.log); did you mean {directory}/orders-0?", said)

    def test_every_file_of_a_directory_is_shown(self):
        name = self.topic()
        self.leat("produce", name, stdin=b"one\ntwo\n")
        partition = self.partition(name)
        said = self.good("log", "dump", partition, "--all").decode()
        self.assertRegex(said, r"partition.metadata: \d+ bytes\nversion: 0\ntopic_id: \S{22}\n")
        said = self.good("log", "dump", self.daemon.data).decode()
        self.assertRegex(said, r"meta.properties: \d+ bytes\nversion: 1\ncluster.id: \S{22}\nnode.id: 1\n")
        self.assertRegex(said, r"bootstrap.checkpoint: \d+ bytes\nbaseOffset: 0 ")
        self.assertIn(f" bytes\npid: {self.daemon.process.pid}\n", said)
        metadata = self.good("log", "dump", os.path.join(self.daemon.data, "__cluster_metadata-0"), "--all").decode()
        self.assertRegex(metadata, r"quorum-state: \d+ bytes\nleaderId: 1 leaderEpoch: \d+ ")
        for path in sorted(os.listdir(partition)):
            self.good("log", "dump", os.path.join(partition, path), "--json")


class Verifications(BrokerTest):
    def filled(self):
        name = self.topic()
        self.leat("produce", name, stdin=b"one\ntwo\n")
        return os.path.join(self.daemon.data, f"{name}-0")

    def snapshot(self):
        """A copy of the whole log directory, as a killed broker leaves it."""
        copies = tempfile.TemporaryDirectory(prefix="verify-")
        self.addCleanup(copies.cleanup)
        return shutil.copytree(self.daemon.data, os.path.join(copies.name, "data"))

    def test_nothing_is_found_in_a_healthy_directory(self):
        self.filled()
        self.assertRegex(self.good("log", "verify", self.snapshot()).decode(), r"^\d+ partitions, nothing found$")

    def test_a_damaged_batch_is_named(self):
        name = os.path.basename(self.filled())
        partition = os.path.join(self.snapshot(), name)
        path = os.path.join(partition, "0" * 20 + ".log")
        with open(path, "r+b") as file:
            file.seek(70)
            byte = file.read(1)[0]
            file.seek(70)
            file.write(bytes([byte ^ 1]))
        status, out, _ = run("log", "verify", partition)
        self.assertEqual((status, out.decode()), (1, f"error {path} at 0: a batch has a wrong CRC\n"))
        status, out, _ = run("log", "verify", partition, "--json")
        self.assertEqual(json.loads(out), {"severity": "error", "file": path, "position": 0, "what": "a batch has a wrong CRC"})

    def test_a_damaged_index_is_repaired(self):
        name = os.path.basename(self.filled())
        partition = os.path.join(self.snapshot(), name)
        path = os.path.join(partition, "0" * 20 + ".index")
        with open(path, "wb") as file:
            file.write(b"\0\0\0\x09\0\0\0\x09")
        self.assertEqual(run("log", "verify", partition)[0], 1)
        said = self.good("log", "verify", partition, "--repair").decode()
        self.assertIn(f"made anew: {path}\n", said)
        self.assertTrue(said.endswith("1 partition, nothing found\n"), said)
        self.assertEqual(os.path.getsize(path), 0)

    def test_what_only_may_be_so_is_no_failure(self):
        directory = self.snapshot()
        os.mkdir(os.path.join(directory, "gone-0." + "0" * 32 + "-stray"))
        self.assertIn("note ", self.good("log", "verify", directory).decode())

    def test_the_directory_of_a_running_broker_is_refused(self):
        partition = self.filled()
        for directory in (self.daemon.data, partition):
            self.assertIn("is locked by", self.refused("log", "verify", directory))


class Benches(BrokerTest):
    def test_produce_then_consume(self):
        out = self.leat("bench", "produce", "--topic", "bench", "--create", "--partitions", 2, "--records", 5001,
                        "--record-size", 100, "--producers", 2, "--compression", "lz4").decode()
        self.assertRegex(out, r"^5001 records, 0\.50 MB in .* records/s, .* MB/s\nlatency p50 .* ms, p95 .* p99 .* p99\.9 .* max ")
        result = json.loads(self.leat("bench", "consume", "--topic", "bench", "--json"))
        self.assertEqual(result["records"], 5001)
        self.assertGreater(result["mb_per_s"], 0)
        out = self.leat("bench", "consume", "--topic", "bench", "--records", 10, "--partitions", "0,1").decode()
        self.assertRegex(out, r"^\d+ records, .*\nfirst record after .* ms\n$")

    def test_a_rate_is_kept(self):
        result = json.loads(self.leat("bench", "produce", "--topic", "rated", "--create", "--rate", 200, "--seconds", 1,
                                      "--linger-ms", 0, "--json"))
        self.assertEqual(result["records"], 200)
        self.assertEqual(result["failed"], 0)
        self.assertLessEqual(result["p50_ms"], result["p99_9_ms"])
        self.assertLessEqual(result["p99_9_ms"], result["max_ms"])

    def test_no_acks_and_leader_acks_are_measured_too(self):
        for acks in ("0", "1"):
            result = json.loads(self.leat("bench", "produce", "--topic", "acks", "--create", "--records", 100, "--acks",
                                          acks, "--json"))
            self.assertEqual((result["records"], result["acks"]), (100, acks))

    def test_batches_are_replayed_and_drained(self):
        result = json.loads(self.leat("bench", "replay", "--topic", "replayed", "--create", "--partitions", 3, "--connections", 2,
                                      "--seconds", 0.2, "--record-size", 100, "--compression", "zstd", "--json"))
        self.assertGreater(result["records"], result["batches"])
        self.assertLessEqual(result["p99_9_ms"], result["p99_99_ms"])
        for partition in range(3):
            self.assertTrue(self.leat("consume", "replayed", "-n", 1, "--partitions", partition))
        there = result["records"] + 3 * result["records"] // result["batches"]  # a first batch of each partition is not counted
        self.assertEqual(json.loads(self.leat("bench", "consume", "--topic", "replayed", "--json"))["records"], there)
        drained = json.loads(self.leat("bench", "drain", "--topic", "replayed", "--passes", 2, "--json"))
        self.assertEqual(drained["records"], 2 * there)

    def test_a_replay_says_what_the_broker_refused(self):
        self.assertIn("MESSAGE_TOO_LARGE", self.leat_refused(
            "bench", "replay", "--topic", "too-large", "--create", "--record-size", 3_000_000))

    def test_every_record_of_a_latency_run_comes_back(self):
        result = json.loads(self.leat("bench", "latency", "--topic", "timed", "--create", "--partitions", 2, "--rate", 200,
                                      "--seconds", 1, "--record-size", 8, "--json"))
        self.assertEqual((result["records"], result["lost"]), (200, 0))
        self.assertGreater(result["p50_ms"], 0)
        self.assertLessEqual(result["p99_99_ms"], result["max_ms"])

    def test_an_interrupt_ends_it_with_a_result(self):
        with subprocess.Popen([os.path.join(BIN, "leat"), *self.on("bench", "produce", "--topic", "stopped", "--create",
                                                                   "--seconds", "600", "--rate", "100", "--json")],
                              stdout=subprocess.PIPE) as bench:
            while b"stopped" not in self.leat("topic", "list"):
                pass
            while not self.leat("consume", "stopped", "-n", 1):
                pass
            bench.send_signal(signal.SIGINT)
            self.assertGreater(json.loads(bench.stdout.read())["records"], 0)
            self.assertEqual(bench.wait(PATIENCE), 130)

    def test_what_cannot_be_measured_is_refused(self):
        self.assertIn("there is no topic nowhere; --create makes it",
                      self.leat_refused("bench", "produce", "--topic", "nowhere", "--records", 1))
        self.assertIn("there is no topic nowhere", self.leat_refused("bench", "consume", "--topic", "nowhere"))
        name = self.topic()
        for reads in ("consume", "drain"):
            self.assertIn("no records", self.leat_refused("bench", reads, "--topic", name))
        self.assertIn("RECORD_TOO_LARGE".replace("RECORD", "MESSAGE"),
                      self.leat_refused_with_result("bench", "produce", "--topic", name, "--records", 1,
                                                    "--record-size", 3_000_000))

    def leat_refused_with_result(self, *words):
        status, out, err = run(*self.on(*words))
        self.assertEqual(status, 1, err)
        self.assertTrue(out.startswith(b"0 records"), out)
        return err


class Lines(LeatTest):
    COMMANDS = ("topic create", "topic list", "topic describe", "topic delete", "produce", "consume", "log dump",
                "bench produce", "bench consume", "bench latency", "bench replay", "bench drain")

    def test_every_help_has_examples(self):
        for command in ("", *self.COMMANDS):
            out = self.good(*command.split(), "--help").decode()
            self.assertRegex(out, r"Examples?:\n  \S.*leat|Examples?:\n  leat", command)
            self.assertIn("Usage: leat " + command, out)

    def test_version(self):
        self.assertRegex(self.good("--version"), rb"^leat \d+\.\d+\.\d+\n$")

    def test_what_is_not_understood_has_status_2_and_a_hint(self):
        for words in (["consume"], ["consume", "a", "--nonsense"], ["nonsense"], ["topic", "nonsense"],
                      ["topic", "create", "x", "--partitions", "0"], ["produce", "x", "--acks", "2"],
                      ["produce", "x", "-k", "a", "--key-separator", ":"], ["consume", "x", "-n", "-1"],
                      ["bench", "produce", "--topic", "x", "--partitions", "2"]):
            said = self.refused(*words, status=2)
            self.assertIn("--help shows how", said, words)

    def test_without_a_command_the_help_is_shown(self):
        for words, usage in ([[], "Usage: leat"], [["topic"], "Usage: leat topic"]):
            status, out, err = run(*words)
            self.assertEqual((status, out), (2, b""))
            self.assertIn(usage, err)

    def test_a_bootstrap_that_is_no_address_is_a_mistake(self):
        self.assertIn("host:port", self.refused("topic", "list", "-b", "nowhere", status=2))


class Unreachable(LeatTest):
    COMMANDS = (["topic", "list"], ["topic", "create", "t"], ["topic", "delete", "t"], ["topic", "describe"],
                ["produce", "t", "--value", "x"], ["consume", "t"], ["bench", "produce", "--topic", "t"],
                ["bench", "consume", "--topic", "t"], ["bench", "latency", "--topic", "t"], ["bench", "replay", "--topic", "t"],
                ["bench", "drain", "--topic", "t"])

    def test_nobody_listens(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound, but it does not listen
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            for command in self.COMMANDS:
                said = self.refused(*command, "-b", address)
                self.assertEqual(said, f"cannot reach {address}: Connection refused; is leatd running there? "
                                       "(--bootstrap HOST:PORT says where)")

    def test_one_address_of_several_is_enough(self):
        daemon = Daemon()
        self.addCleanup(daemon.stop)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.good("topic", "list", "-b", "127.0.0.1:%d,%s" % (taken.getsockname()[1], daemon.bootstrap))

    def test_somebody_else_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            def answer():
                connection, _ = server.accept()
                with connection:
                    connection.recv(100)
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    connection.recv(100)
            other = threading.Thread(target=answer)
            other.start()
            self.assertIn("is it a Kafka broker?", self.refused("topic", "list", "-b", "127.0.0.1:%d" % server.getsockname()[1]))
            other.join()

    def test_nobody_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = "127.0.0.1:%d" % server.getsockname()[1]
            self.assertIn("no answer within 1 s", self.refused("topic", "list", "-b", address, "--timeout", 1))


if __name__ == "__main__":
    BIN = sys.argv.pop(1)
    unittest.main(verbosity=1)
