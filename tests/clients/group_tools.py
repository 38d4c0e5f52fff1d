"""Kafka's own command line tools for groups: as members of some, and for what they say of groups and write of them."""

import itertools
import json
import re
import subprocess
import threading
import time
from collections import defaultdict

from harness import PATIENCE, create_topic
from tools import Tool, complaints, files

RECORDS = 20  # in each partition
GROUP, TOPIC, OTHER = "tool-group", "of-tool-group", "also-of-tool-group"


class Verifiable:
    """A kafka-verifiable-consumer in a group, as a context: stopped, it leaves."""

    def __init__(self, kafka, bootstrap, topic, group):
        self.events = []
        self.process = subprocess.Popen(
            [*kafka.java, "org.apache.kafka.tools.VerifiableConsumer", "--bootstrap-server", bootstrap, "--topic", topic,
             "--group-id", group, "--reset-policy", "earliest", "--session-timeout", "10000"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            if line.startswith(b"{"):
                self.events.append(json.loads(line))

    def of(self, name):
        return [event for event in list(self.events) if event["name"] == name]

    def until(self, condition, what):
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < PATIENCE and self.process.poll() is None, f"no {what}: {self.events[-5:]}"
            time.sleep(0.02)

    def committed(self):
        """By partition."""
        return {each["partition"]: each["offset"] for event in self.of("offsets_committed") if event["success"]
                for each in event["offsets"]}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
        self.reader.join()


def table(text):
    """The rows of a table, until an empty line, as dicts of what stands under its words, None for -."""
    lines = [line.split() for line in text.splitlines()]
    head = next((n for n, line in enumerate(lines) if line[:1] in (["GROUP"], ["TOPIC"])), None)
    if head is None:
        return []
    names = [name for name in lines[head] if name != "(ID)"]
    rows = itertools.takewhile(bool, lines[head + 1:])
    rows = ([word for word in row if not re.fullmatch(r"\(\d+\)", word)] for row in rows)
    return [{name: None if word == "-" else word for name, word in zip(names, row)} for row in rows]


def group_tools(kafka):
    def produce(broker, topic, partitions=2):
        create_topic(broker.bootstrap, topic, partitions)
        for partition in range(partitions):
            lines = b"".join(b"%d:%d\n" % (partition, n) for n in range(RECORDS))
            subprocess.run(["kcat", "-P", "-b", broker.bootstrap, "-t", topic, "-p", str(partition)], input=lines,
                           check=True, timeout=PATIENCE)

    def groups(broker, *options):
        done = kafka.tool("consumer.group.ConsumerGroupCommand", "--bootstrap-server", broker.bootstrap, *options,
                          check=False)
        return (done.stdout + b"\n\n" + done.stderr).decode()

    def offsets(broker, group=GROUP):
        """Committed offset, end of the log and lag by topic and partition."""
        return {(row["TOPIC"], int(row["PARTITION"])): tuple(int(row[name]) for name in ("CURRENT-OFFSET", "LOG-END-OFFSET", "LAG"))
                for row in table(groups(broker, "--describe", "--group", group)) if row["CURRENT-OFFSET"]}

    def reset(broker, *options):
        """New offset by partition."""
        said = groups(broker, "--group", GROUP, "--reset-offsets", *options)
        assert "Error" not in said, said
        return {int(row["PARTITION"]): int(row["NEW-OFFSET"]) for row in table(said)}

    def console(broker, count, *options):
        return kafka.tool("consumer.ConsoleConsumer", "--bootstrap-server", broker.bootstrap, "--timeout-ms", "20000",
                          "--max-messages", count, *options).stdout.decode()

    def goes_on(broker, _):
        """goes on in its group where it ended before"""
        produce(broker, "of-console", 1)
        options = ["--topic", "of-console", "--group", "console", "--from-beginning"]
        got = [line for count in (12, RECORDS - 12) for line in console(broker, count, *options).split()]
        assert got == [f"0:{n}" for n in range(RECORDS)], got

    def alone(broker, _):
        """reads a topic without --partition, in a group of its own"""
        assert len(console(broker, RECORDS, "--topic", "of-console", "--from-beginning").split()) == RECORDS

    def formatters(broker, _):
        """shows commits and groups of __consumer_offsets by Kafka's formatters"""
        for formatter, key, known in [("OffsetsMessageFormatter", "topic", '"offset":12,'),
                                      ("GroupMetadataMessageFormatter", "group", '"protocol":"range"')]:
            done = kafka.tool("consumer.ConsoleConsumer", "--bootstrap-server", broker.bootstrap, "--timeout-ms", "6000",
                              "--topic", "__consumer_offsets", "--from-beginning", "--formatter",
                              f"org.apache.kafka.tools.consumer.{formatter}", check=False)
            shown = done.stdout.decode().replace('}{"key"', '}\n{"key"').splitlines()
            ours = [line for line in shown if '"group":"console"' in line]
            assert any(known in line for line in ours), f"no {known} in {ours[:5]} nor in {shown[:3]}"
            assert all(key in json.loads(line)["key"]["data"] for line in shown), shown[:5]

    def two_share(broker, _):
        """two of them share a topic, and one that stops leaves its share to the other"""
        produce(broker, "of-verifiable")
        with Verifiable(kafka, broker.bootstrap, "of-verifiable", "verifiable") as first:
            first.until(lambda: first.committed() == {0: RECORDS, 1: RECORDS}, "commit of all")
            with Verifiable(kafka, broker.bootstrap, "of-verifiable", "verifiable") as second:
                second.until(lambda: second.of("partitions_assigned"), "assignment")
                first.until(lambda: len(first.of("partitions_assigned")) == 2, "second assignment")
                shares = [member.of("partitions_assigned")[-1]["partitions"] for member in (first, second)]
                assert [len(share) for share in shares] == [1, 1] and shares[0] != shares[1], shares
            first.until(lambda: len(first.of("partitions_assigned")) == 3, "third assignment")
        assert len(first.of("partitions_assigned")[-1]["partitions"]) == 2, first.events
        assert first.of("shutdown_complete") and second.of("shutdown_complete")
        assert not second.of("records_consumed"), "what was committed came again"

    def active(broker, _):
        """describes a group with a member, which keeps others from changing it"""
        produce(broker, TOPIC)
        with Verifiable(kafka, broker.bootstrap, TOPIC, GROUP) as member:
            member.until(lambda: member.committed() == {0: RECORDS, 1: RECORDS}, "commit of all")
            [row] = table(groups(broker, "--describe", "--group", GROUP, "--members", "--verbose"))
            assert row["CONSUMER-ID"].startswith(f"consumer-{GROUP}-") and row["#PARTITIONS"] == "2", row
            assert row["CURRENT-ASSIGNMENT"] == f"{TOPIC}:0,1" and row["HOST"] == "/127.0.0.1", row
            [row] = table(groups(broker, "--describe", "--group", GROUP, "--state"))
            assert (row["STATE"], row["#MEMBERS"], row["ASSIGNMENT-STRATEGY"]) == ("Stable", "1", "range"), row
            assert row["COORDINATOR"] == broker.bootstrap, row
            assert offsets(broker) == {(TOPIC, p): (RECORDS, RECORDS, 0) for p in (0, 1)}
            said = groups(broker, "--group", GROUP, "--topic", TOPIC, "--reset-offsets", "--to-earliest", "--execute")
            assert "current state is Stable" in said, said
            assert "GroupNotEmptyException" in (said := groups(broker, "--delete", "--group", GROUP)), said
            said = groups(broker, "--delete-offsets", "--group", GROUP, "--topic", TOPIC)
            assert said.count("GroupSubscribedToTopicException") == 2, said

    def empty(broker, _):
        """lists and describes a group without members"""
        assert GROUP in groups(broker, "--list").split()
        assert {"GROUP": GROUP, "STATE": "Empty"} in table(groups(broker, "--list", "--state"))
        assert {"GROUP": GROUP, "TYPE": "Classic"} in table(groups(broker, "--list", "--type"))
        assert f"'{GROUP}' has no active members" in (said := groups(broker, "--describe", "--group", GROUP)), said
        assert not table(groups(broker, "--describe", "--group", GROUP, "--members"))
        [row] = table(groups(broker, "--describe", "--group", GROUP, "--state"))
        assert (row["STATE"], row["#MEMBERS"]) == ("Empty", "0"), row
        said = groups(broker, "--describe", "--group", "nobody")
        assert "GroupIdNotFoundException: Group nobody not found" in said, said

    def resets(broker, _):
        """resets offsets: --to-earliest, --to-offset, --shift-by, --to-latest, --by-duration, with --dry-run and --execute"""
        before = offsets(broker)
        assert reset(broker, "--topic", TOPIC, "--to-earliest", "--dry-run") == {0: 0, 1: 0}
        assert offsets(broker) == before
        assert reset(broker, "--topic", f"{TOPIC}:0", "--to-offset", "3", "--execute") == {0: 3}
        assert reset(broker, "--topic", f"{TOPIC}:1", "--shift-by", "-4", "--execute") == {1: RECORDS - 4}
        assert offsets(broker) == {(TOPIC, 0): (3, RECORDS, RECORDS - 3), (TOPIC, 1): (RECORDS - 4, RECORDS, 4)}
        assert reset(broker, "--all-topics", "--by-duration", "P1D", "--dry-run") == {0: 0, 1: 0}
        assert reset(broker, "--all-topics", "--to-latest", "--dry-run") == {0: RECORDS, 1: RECORDS}
        got = console(broker, RECORDS - 3 + 4, "--topic", TOPIC, "--group", GROUP).split()
        expected = [f"0:{n}" for n in range(3, RECORDS)] + [f"1:{n}" for n in range(RECORDS - 4, RECORDS)]
        assert sorted(got) == sorted(expected), got

    def deletes(broker, _):
        """deletes offsets of a topic, and a group"""
        said = groups(broker, "--delete-offsets", "--group", GROUP, "--topic", f"{TOPIC}:1")
        assert table(said) == [{"TOPIC": TOPIC, "PARTITION": "1", "STATUS": "Successful"}], said
        assert set(offsets(broker)) == {(TOPIC, 0)}
        assert "was successful" in (said := groups(broker, "--delete", "--group", GROUP)), said
        assert GROUP not in groups(broker, "--list").split()
        assert "GroupIdNotFoundException" in (said := groups(broker, "--delete", "--group", GROUP)), said

    def offsets_log(broker, _):
        """finds nothing wrong in the logs of __consumer_offsets, and what was committed, in them"""
        done = kafka.tool("DumpLogSegments", "--deep-iteration", "--offsets-decoder", "--files",
                          files(broker.data, "__consumer_offsets-*", (".log",)))
        text = done.stdout.decode() + done.stderr.decode()
        assert not complaints(text), "\n".join(complaints(text)[:10])
        by_group = defaultdict(list)
        for key, payload in re.findall(r" key: (\{.*?\}) payload: (.*)", text):
            by_group[json.loads(key)["data"]["group"]].append((json.loads(key), payload))
        of_console = [(key["type"], payload) for key, payload in by_group["console"]]
        for kind, expected in [("1", '"offset":12,'), ("1", f'"offset":{RECORDS},'), ("2", '"protocol":"range"')]:
            assert any(k == kind and expected in payload for k, payload in of_console), f"no {expected}: {of_console}"
        key, payload = by_group[GROUP][-1]
        assert key["type"] == "2" and payload in ("<DELETE>", "null"), by_group[GROUP][-3:]

    yield Tool("kafka-console-consumer in groups", kafka, "--group, in groups of its own, formatters of __consumer_offsets",
               [goes_on, alone, formatters])
    yield Tool("kafka-verifiable-consumer", kafka, "two in a group", [two_share])
    yield Tool("kafka-consumer-groups", kafka,
               "--list, --describe, --members, --state, --reset-offsets, --delete-offsets, --delete",
               [active, empty, resets, deletes])
    yield Tool("kafka-dump-log of groups", kafka, "--offsets-decoder of __consumer_offsets", [offsets_log],
               of_files="logs")
