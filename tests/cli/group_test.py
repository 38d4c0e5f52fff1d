"""leat group from outside, against a leatd: what each command prints and does, and how it fails.

usage: group_test.py FOLDER_OF_LEAT_AND_LEATD [unittest arguments]
"""

import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import unittest

import leat_test


def string(text):
    return struct.pack(">h", -1) if text is None else struct.pack(">h", len(text)) + text.encode()


def sized(data):
    return struct.pack(">i", len(data)) + data


class Answer:
    def __init__(self, data):
        self.data = data

    def take(self, form):
        values = struct.unpack_from(">" + form, self.data)
        self.data = self.data[struct.calcsize(">" + form):]
        return values[0]

    def string(self):
        length = self.take("h")
        if length < 0:
            return None
        text, self.data = self.data[:length], self.data[length:]
        return text.decode()


class Member:
    """A member of a group by the classic protocol, alone in it, that holds what it is told to."""

    JOIN_GROUP, LEAVE_GROUP, SYNC_GROUP, OFFSET_COMMIT, FIND_COORDINATOR = 11, 13, 14, 8, 10
    MEMBER_ID_REQUIRED = 79

    def __init__(self, bootstrap, group, topic, partitions, instance=None, client="billing-1"):
        host, port = bootstrap.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=leat_test.PATIENCE)
        self.group, self.instance, self.client, self.id = group, instance, client, ""
        self.ask(self.FIND_COORDINATOR, 0, string(group))
        assignment = struct.pack(">hi", 0, 1) + string(topic) + struct.pack(f">i{len(partitions)}i", len(partitions), *partitions)
        while not self.join(topic):
            pass
        self.sync(assignment + struct.pack(">i", -1))

    def ask(self, key, version, body):
        frame = struct.pack(">hhi", key, version, 7) + string(self.client) + body
        self.socket.sendall(sized(frame))
        left = struct.unpack(">i", self.receive(4))[0]
        answer = Answer(self.receive(left))
        assert answer.take("i") == 7
        return answer

    def receive(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            assert part, "the broker closed the connection"
            data += part
        return data

    def join(self, topic):
        subscription = struct.pack(">hi", 0, 1) + string(topic) + struct.pack(">i", -1)
        answer = self.ask(self.JOIN_GROUP, 5, string(self.group) + struct.pack(">ii", 60_000, 60_000) + string(self.id) +
                          string(self.instance) + string("consumer") + struct.pack(">i", 1) + string("range") +
                          sized(subscription))
        answer.take("i")
        error, self.generation = answer.take("h"), answer.take("i")
        answer.string(), answer.string()
        self.id = answer.string()
        assert error in (0, self.MEMBER_ID_REQUIRED), error
        return error == 0

    def sync(self, assignment):
        answer = self.ask(self.SYNC_GROUP, 3, string(self.group) + struct.pack(">i", self.generation) + string(self.id) +
                          string(self.instance) + struct.pack(">i", 1) + string(self.id) + sized(assignment))
        answer.take("i")
        assert answer.take("h") == 0

    def commit(self, topic, partition, offset):
        answer = self.ask(self.OFFSET_COMMIT, 7, string(self.group) + struct.pack(">i", self.generation) + string(self.id) +
                          string(self.instance) + struct.pack(">i", 1) + string(topic) +
                          struct.pack(">iiqi", 1, partition, offset, -1) + string(""))
        assert answer.data.endswith(b"\0\0"), answer.data

    def leave(self):
        self.ask(self.LEAVE_GROUP, 1, string(self.group) + string(self.id))
        self.socket.close()


class GroupTest(leat_test.BrokerTest):
    groups = 0

    def group(self):
        GroupTest.groups += 1
        return f"group-{GroupTest.groups}"

    def filled(self, *counts):
        """A topic with so many records in its partitions; record n has timestamp 1000 * n."""
        name = self.topic(len(counts))
        for partition, count in enumerate(counts):
            if count:
                self.leat("produce", name, "-p", partition, stdin=b"".join(b"%d\n" % n for n in range(count)))
        return name

    def member(self, group, topic, partitions, **more):
        member = Member(self.daemon.bootstrap, group, topic, partitions, **more)
        self.addCleanup(member.socket.close)
        return member

    def offsets(self, group):
        described = json.loads(self.leat("group", "describe", group, "--json"))
        return {(p["topic"], p["partition"]): p["committed_offset"] for p in described["partitions"]}

    def rows(self, text):
        return [line.split() for line in text.splitlines() if line.startswith("  ")]


class Lists(GroupTest):
    def test_groups_are_listed_with_state_protocol_and_members(self):
        name, busy, quiet = self.filled(1), self.group(), self.group()
        self.leat("group", "reset", quiet, "--topic", name, "--to", "latest")
        self.member(busy, name, [0])
        lines = self.rows(self.leat("group", "list").decode())
        self.assertEqual(lines[0], ["GROUP", "STATE", "PROTOCOL", "MEMBERS"])
        self.assertIn([busy, "Stable", "consumer/range", "1"], lines)
        self.assertIn([quiet, "Empty", "0"], [[row[0], row[1], row[-1]] for row in lines])
        listed = {g["name"]: g for g in map(json.loads, self.leat("group", "list", "--json").splitlines())}
        self.assertEqual((listed[busy]["members"], listed[busy]["assignor"], listed[busy]["type"]), (1, "range", "classic"))
        empty = self.leat("group", "list", "--state", "empty").decode()
        self.assertIn(quiet, empty)
        self.assertNotIn(busy + " ", empty)

    def test_deleted_groups_are_gone_with_their_offsets(self):
        name, one, two = self.filled(1), self.group(), self.group()
        for group in (one, two):
            self.leat("group", "reset", group, "--topic", name, "--to", "latest")
        self.leat("group", "delete", one, two)
        self.assertNotIn(one.encode(), self.leat("group", "list"))
        self.assertIn(f"there is no group {one}; leat group list", self.leat_refused("group", "describe", one))

    def test_what_cannot_be_deleted_is_named_and_keeps_no_others(self):
        name, busy, quiet = self.filled(1), self.group(), self.group()
        self.leat("group", "reset", quiet, "--topic", name, "--to", "latest")
        self.member(busy, name, [0])
        said = self.leat_refused("group", "delete", busy, quiet)
        self.assertIn("1 of 2 groups were not deleted", said)
        self.assertIn(f"group {busy} has members", said)
        self.assertNotIn(quiet, self.leat("group", "list").decode())
        self.assertIn("there is no group nobody", self.leat_refused("group", "delete", "nobody"))


class Descriptions(GroupTest):
    def test_lag_is_what_is_between_the_commit_and_the_end(self):
        name, group = self.filled(5, 3, 0), self.group()
        member = self.member(group, name, [0, 2], instance="desk-1")
        member.commit(name, 0, 2)
        lines = self.leat("group", "describe", group).decode()
        self.assertRegex(lines.splitlines()[0], rf"^{group}: Stable, 1 member, assignor range, coordinator 1, lag 3$")
        rows = self.rows(lines)
        self.assertEqual(rows[0], ["TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "CLIENT", "HOST", "MEMBER"])
        self.assertEqual(rows[1][:6] + rows[1][7:], [name, "0", "2", "5", "3", "billing-1", "desk-1"])
        self.assertEqual(rows[2], [name, "1", "-", "3", "-", "-", "-", "-"])
        self.assertEqual(rows[3][:5], [name, "2", "-", "0", "-"])

    def test_json_has_the_whole_of_it(self):
        name, group = self.filled(5, 3), self.group()
        member = self.member(group, name, [0, 1])
        member.commit(name, 1, 1)
        described = json.loads(self.leat("group", "describe", group, "--json"))
        self.assertEqual((described["name"], described["state"], described["assignor"], described["coordinator"],
                          described["lag"]), (group, "Stable", "range", 1, 2))
        self.assertEqual(described["members"], [{
            "id": member.id, "instance_id": None, "client_id": "billing-1", "host": described["members"][0]["host"],
            "topics": [name], "partitions": [{"topic": name, "partition": 0}, {"topic": name, "partition": 1}]}])
        first, second = described["partitions"]
        self.assertEqual((first["committed_offset"], first["lag"], first["end_offset"]), (None, None, 5))
        self.assertEqual((second["committed_offset"], second["start_offset"], second["end_offset"], second["lag"],
                          second["member_id"], second["metadata"]), (1, 0, 3, 2, member.id, ""))

    def test_a_member_without_partitions_is_named(self):
        name, group = self.filled(1), self.group()
        self.member(group, name, [], client="idler")
        self.assertIn("1 member without partitions: idler at ", self.leat("group", "describe", group).decode())

    def test_a_deleted_topic_does_not_hide_the_rest(self):
        name, gone, group = self.filled(1), self.filled(1), self.group()
        self.leat("group", "reset", group, "--topic", name, "--topic", gone, "--to", "earliest")
        self.leat("topic", "delete", gone)
        self.assertIn(f"{group}: Empty", self.leat("group", "describe", group).decode())

    def test_a_group_that_is_not_there_is_refused(self):
        self.assertEqual(self.leat_refused("group", "describe", "nobody"),
                         "there is no group nobody; leat group list shows those there are")
        self.assertIn("there is no group nobody", self.leat_refused("group", "describe", "nobody", "--watch"))


class Watches(GroupTest):
    def watch(self, *words):
        return subprocess.Popen([os.path.join(leat_test.BIN, "leat"),
                                 *self.on("group", "describe", *words, "--watch", "--interval", "0.1")],
                                stdout=subprocess.PIPE, text=True)

    def block(self, watcher):
        lines = []
        for line in watcher.stdout:
            if line == "\n":
                break
            lines.append(line.rstrip("\n"))
        return lines

    def stop(self, watcher):
        watcher.send_signal(signal.SIGINT)
        watcher.stdout.read()
        self.assertEqual(watcher.wait(leat_test.PATIENCE), 130)

    def test_each_look_is_a_block_with_the_reason_on_top(self):
        name, group = self.filled(5, 3), self.group()
        member = self.member(group, name, [0, 1])
        member.commit(name, 0, 4)
        member.commit(name, 1, 0)
        with self.watch(group) as watcher:
            first, second = self.block(watcher), self.block(watcher)
            self.assertRegex(first[0], rf"^4 records wait, 75% of them in {name}-1, held by billing-1 at \S+; the next look")
            self.assertRegex(first[1], rf"^\d{{4}}-\S+Z {group}: Stable, 1 member, assignor range, coordinator 1, lag 4$")
            self.assertEqual(first[2].split()[:8], ["TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "ARRIVING/S",
                                                    "CONSUMED/S", "CATCH-UP"])
            self.assertEqual([line.split()[1:5] for line in first[3:]], [["1", "0", "3", "3"], ["0", "4", "5", "1"]])
            self.assertRegex(second[0], "^Not catching up: 0 records/s arrive and 0 are consumed; ")
            self.assertIn("stands still", second[3])
            member.commit(name, 0, 5)
            member.commit(name, 1, 3)
            block = second
            while "Nothing is behind" not in block[0]:
                block = self.block(watcher)
            self.stop(watcher)

    def test_json_is_a_line_a_look(self):
        name, group = self.filled(5), self.group()
        self.leat("group", "reset", group, "--topic", name, "--to", "2")
        with self.watch(group, "--json") as watcher:
            looks = [json.loads(watcher.stdout.readline()) for _ in range(2)]
            self.stop(watcher)
        self.assertEqual(looks[0]["why"], "Nobody reads: the group has no members, and 3 records wait.")
        self.assertIsNone(looks[0]["partitions"][0]["arriving_per_s"])
        self.assertEqual((looks[1]["partitions"][0]["arriving_per_s"], looks[1]["partitions"][0]["catch_up_s"]), (0.0, None))


class Resets(GroupTest):
    def reset(self, group, *words):
        return json.loads(self.leat("group", "reset", group, *words, "--json"))["partitions"]

    def test_each_kind_of_position(self):
        name, group = self.filled(5), self.group()
        for words, expected in ((["earliest"], 0), (["latest"], 5), (["3"], 3), (["+1"], 4), (["-3"], 1), (["beginning"], 0),
                                (["end"], 5)):
            self.leat("group", "reset", group, "--topic", name, "--to", *words)
            self.assertEqual(self.offsets(group), {(name, 0): expected}, words)

    def test_to_a_time(self):
        name, group = self.topic(), self.group()
        self.leat("produce", name, "--value", "first")
        first = int(self.leat("consume", name, "--format", "%T"))
        while True:  # until the clock has moved on
            self.leat("produce", name, "--value", "later")
            times = [int(line) for line in self.leat("consume", name, "--format", r"%T\n").splitlines()]
            if times[-1] > first:
                break
        expected = next(offset for offset, time in enumerate(times) if time > first)
        for to, offset in ((f"@{first + 1}", expected), ("2001-02-03T04:05:06+07:00", 0), ("9999-01-01", len(times))):
            self.leat("group", "reset", group, "--topic", name, "--to", to)
            self.assertEqual(self.offsets(group), {(name, 0): offset}, to)

    def test_before_and_after_are_shown(self):
        name, group = self.filled(5, 3), self.group()
        lines = self.leat("group", "reset", group, "--topic", name, "--to", "earliest").decode().splitlines()
        self.assertEqual(lines[0], f"{group} (a new group): 2 partitions reset")
        self.assertEqual([line.split() for line in lines[1:]],
                         [["TOPIC", "PARTITION", "BEFORE", "AFTER", "LAG", "NOTE"], [name, "0", "-", "0", "5"], [name, "1", "-", "0", "3"]])
        lines = self.leat("group", "reset", group, "--topic", f"{name}:1", "--to", "2").decode().splitlines()
        self.assertEqual((lines[0], lines[2].split()), (f"{group}: 1 partition reset", [name, "1", "0", "2", "1"]))

    def test_a_dry_run_changes_nothing(self):
        name, group = self.filled(5), self.group()
        self.leat("group", "reset", group, "--topic", name, "--to", "1")
        out = self.leat("group", "reset", group, "--topic", name, "--to", "latest", "--dry-run").decode()
        self.assertIn(f"{group}: 1 partition would be reset; nothing is changed", out)
        self.assertIn([name, "0", "1", "5", "0"], self.rows(out))
        self.assertEqual(self.offsets(group), {(name, 0): 1})

    def test_what_is_outside_of_the_log_is_clamped_with_a_note(self):
        name, group = self.filled(5), self.group()
        self.assertEqual(self.reset(group, "--topic", name, "--to", "99"),
                         [{"topic": name, "partition": 0, "before": None, "after": 5, "lag": 0,
                           "note": "the log ends at 5, before 99"}])
        moved = self.reset(group, "--topic", name, "--to", "-7")
        self.assertEqual((moved[0]["after"], moved[0]["note"]), (0, "the log starts at 0, after -2"))

    def test_all_topics_are_those_with_commits(self):
        one, two, other, group = self.filled(2, 2), self.filled(1), self.filled(1), self.group()
        self.leat("group", "reset", group, "-t", f"{one}:0", "-t", two, "--to", "earliest")
        self.leat("group", "reset", group, "--all-topics", "--to", "latest")
        self.assertEqual(self.offsets(group), {(one, 0): 2, (one, 1): 2, (two, 0): 1})
        self.assertNotIn(other, str(self.offsets(group)))

    def test_a_group_with_members_is_refused(self):
        name, group = self.filled(5), self.group()
        member = self.member(group, name, [0])
        member.commit(name, 0, 2)
        said = self.leat_refused("group", "reset", group, "--topic", name, "--to", "earliest")
        self.assertRegex(said, rf"^group {group} has 1 member; stop them first, .*NON_EMPTY_GROUP")
        out = self.leat("group", "reset", group, "--topic", name, "--to", "earliest", "--dry-run").decode()
        self.assertIn("It has 1 member, which must stop first.", out)
        self.assertEqual(self.offsets(group), {(name, 0): 2})
        member.leave()
        self.leat("group", "reset", group, "--topic", name, "--to", "earliest")
        self.assertEqual(self.offsets(group), {(name, 0): 0})

    def test_what_cannot_be_reset_says_why(self):
        name, group = self.filled(1, 1), self.group()
        self.assertIn(f"there is no group {group}", self.leat_refused("group", "reset", group, "--all-topics", "--to", "latest"))
        self.assertIn(f"has committed nothing for {name}-0",
                      self.leat_refused("group", "reset", group, "--topic", name, "--to", "+1"))
        self.assertIn("there is no topic nowhere",
                      self.leat_refused("group", "reset", group, "--topic", "nowhere", "--to", "latest"))
        self.assertIn(f"topic {name} has no partition 7; its partitions are 0 to 1",
                      self.leat_refused("group", "reset", group, "--topic", f"{name}:0,7", "--to", "latest"))

    def test_what_is_not_understood_is_a_mistake(self):
        for words in (["--topic", "t", "--to", "yesterday"], ["--topic", "t:x", "--to", "latest"], ["--topic", "t"],
                      ["--to", "latest"], ["--all-topics", "--topic", "t", "--to", "latest"], ["--topic", "t:", "--to", "1"]):
            self.leat_refused("group", "reset", "g", *words, status=2)


class Lines(leat_test.LeatTest):
    COMMANDS = ("list", "describe", "reset", "delete")

    def test_every_help_has_examples(self):
        for command in self.COMMANDS:
            out = self.good("group", command, "--help").decode()
            self.assertRegex(out, r"Examples?:\n  leat group", command)
            self.assertTrue(re.search(f"Usage: leat group {command}", out), out)

    def test_nobody_listens(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound, but it does not listen
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            for words in (["list"], ["describe", "g"], ["delete", "g"], ["reset", "g", "--all-topics", "--to", "latest"]):
                self.assertIn(f"cannot reach {address}", self.refused("group", *words, "-b", address))


if __name__ == "__main__":
    leat_test.BIN = sys.argv.pop(1)
    unittest.main(verbosity=1)
