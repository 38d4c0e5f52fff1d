"""Kafka's own command line tools, from the released jars: as writers, as readers, and for what they say of leatd."""

import json
import random
import re
import subprocess
from collections import Counter, defaultdict

from corpus import Record, compressible, read_line
from harness import run

PATIENCE = 120
VERIFIABLE = 1000
PERF = 20_000


class Kafka:
    """Programs of the jars in a directory."""

    def __init__(self, directory):
        self.version = next(directory.glob("kafka-tools-*.jar")).stem.rsplit("-", 1)[1]
        # Tools live shortly: compiling them well costs more than it gives.
        self.java = ["java", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                     "-cp", f"{directory}/classes:{directory}/*"]

    def tool(self, name, *options, **how):
        return run([*self.java, f"org.apache.kafka.tools.{name}", *options], timeout=PATIENCE, **how)


class Tool:
    """`exercised` is for people; a check takes a leatd and the topics written, by writer and codec."""

    writes = reads = False
    checks = ()
    cannot_write = ()
    note = ""
    member = None

    def __init__(self, name, kafka, exercised, checks=(), of_files=None):
        self.name, self.kafka, self.version = name, kafka, kafka.version
        self.exercised, self.checks = exercised, checks
        self.of_files = of_files  # what files of the broker the checks look into: logs, or indexes too


class ConsoleProducer(Tool):
    writes = True

    def __init__(self, kafka):
        super().__init__("kafka-console-producer", kafka, "lines with keys, headers, null keys and null values")

    def corpus(self):
        source = random.Random(5)
        records = [Record(0, f"line {n}".encode(), str(n % 5).encode(), ((("n", str(n).encode()),) if n % 2 else ()))
                   for n in range(1000)]
        records += [Record(0, None, b"a null value"), Record(0, b"a null key"), Record(0, b"", b"an empty value"),
                    Record(0, "snow \u2603".encode(), b"unicode", (("\u540d\u524d", "\u5024".encode()),)),
                    Record(0, b"two", b"headers", (("a", b"1"), ("a", b"2"))),
                    Record(0, compressible(source, 900_000), b"large")]
        return records

    def produce(self, bootstrap, topic, codec, records, directory):
        def field(data):
            return b"NULL" if data is None else data

        lines = [b"\t".join([b",".join(name.encode() + b":" + value for name, value in record.headers) or b"NULL",
                             field(record.key), field(record.value)]) for record in records]
        self.kafka.tool("ConsoleProducer", "--bootstrap-server", bootstrap, "--topic", topic,
                        "--compression-codec", codec, "--reader-property", "parse.key=true",
                        "--reader-property", "parse.headers=true", "--reader-property", "null.marker=NULL",
                        stdin=b"".join(line + b"\n" for line in lines))


class VerifiableProducer(Tool):
    writes = True

    def __init__(self, kafka):
        super().__init__("kafka-verifiable-producer", kafka, "values without keys")

    def corpus(self):
        return [Record(0, str(n).encode()) for n in range(VERIFIABLE)]

    def produce(self, bootstrap, topic, codec, records, directory):
        config = directory / f"{topic}.properties"
        config.write_text(f"compression.type={codec}\n")
        done = self.kafka.tool("VerifiableProducer", "--bootstrap-server", bootstrap, "--topic", topic,
                               "--max-messages", VERIFIABLE, "--command-config", config)
        acked = done.stdout.count(b'"producer_send_success"')
        assert acked == VERIFIABLE, f"{acked} of {VERIFIABLE} acked: {done.stdout[-500:]}"


class ConsoleConsumer(Tool):
    reads = True
    BETWEEN, END, NULL, HEADERS = b"<|>", b"<end>\n", b"<null>", b"<,>"

    def __init__(self, kafka):
        super().__init__("kafka-console-consumer", kafka, "--partition --offset earliest, by every partition")

    def consume(self, bootstrap, counts, topics):
        lines = defaultdict(dict)
        for topic in topics:
            for partition, count in enumerate(counts):
                try:
                    lines[topic][partition] = self.read(bootstrap, topic, partition, count)
                except (AssertionError, subprocess.TimeoutExpired) as wrong:
                    return lines, str(wrong)
        return lines, None

    def read(self, bootstrap, topic, partition, count):
        shown = ["print.timestamp=true", "print.partition=true", "print.offset=true", "print.headers=true",
                 "print.key=true", f"key.separator={self.BETWEEN.decode()}", f"line.separator={self.END.decode()}",
                 f"null.literal={self.NULL.decode()}", f"headers.separator={self.HEADERS.decode()}"]
        done = self.kafka.tool("consumer.ConsoleConsumer", "--bootstrap-server", bootstrap, "--topic", topic, "--partition",
                               partition, "--offset", "earliest", "--max-messages", count, "--timeout-ms", 30_000,
                               *(word for each in shown for word in ("--formatter-property", each)))
        return [self.parse(line, partition) for line in done.stdout.split(self.END)[:-1]]

    def parse(self, line, expected):
        timestamp, partition, offset, headers, key, value = line.split(self.BETWEEN)
        assert partition == b"Partition:%d" % expected, partition
        pairs = [] if headers == b"NO_HEADERS" else [pair.split(b":", 1) for pair in headers.split(self.HEADERS)]
        record = Record(expected, self.unless_null(value), self.unless_null(key),
                        tuple((name.decode(), self.unless_null(data)) for name, data in pairs))
        kind, at = timestamp.split(b":")
        assert kind == b"CreateTime", kind
        return int(offset.removeprefix(b"Offset:")), int(at), read_line(record)

    def unless_null(self, data):
        return None if data == self.NULL else data


def admin_tools(kafka):
    def of(leatd, name, *options):
        return kafka.tool(name, "--bootstrap-server", leatd.bootstrap, *options).stdout.decode()

    def create_and_list(leatd, _):
        """creates and lists a topic"""
        of(leatd, "TopicCommand", "--create", "--topic", "by-tool", "--partitions", "4", "--replication-factor", "1",
           "--config", "retention.ms=123456789")
        assert "by-tool" in of(leatd, "TopicCommand", "--list").split()

    def describe(leatd, _):
        """describes a topic"""
        said = of(leatd, "TopicCommand", "--describe", "--topic", "by-tool")
        assert re.search(r"Topic: by-tool\s+TopicId: \S{22}\s+PartitionCount: 4\s+ReplicationFactor: 1\s+"
                         r"Configs: .*retention\.ms=123456789", said), said
        assert len(re.findall(r"Partition: \d\s+Leader: (\d+)\s+Replicas: \1\s+Isr: \1\b", said)) == 4, said

    def elect(leatd, _):
        """finds every partition led by its preferred replica"""
        said = of(leatd, "LeaderElectionCommand", "--election-type", "preferred", "--topic", "by-tool", "--partition", "3")
        assert "already elected for partitions by-tool-3" in said, said
        said = of(leatd, "LeaderElectionCommand", "--election-type", "preferred", "--all-topic-partitions")
        assert not said.strip(), said

    def reassign(leatd, _):
        """moves a partition to where it is, and finds it there"""
        def tool(*options):
            return of(leatd, "reassign.ReassignPartitionsCommand", *options)

        topics, plan = leatd.dir / "topics.json", leatd.dir / "plan.json"
        topics.write_text(json.dumps({"version": 1, "topics": [{"topic": "by-tool"}]}))
        said = tool("--topics-to-move-json-file", topics, "--broker-list", "1", "--generate")
        proposed = said.split("Proposed partition reassignment configuration\n")[1]
        assert len(json.loads(proposed)["partitions"]) == 4, said
        plan.write_text(proposed)
        said = tool("--reassignment-json-file", plan, "--execute")
        assert "Successfully started partition reassignments for by-tool-0,by-tool-1,by-tool-2,by-tool-3" in said, said
        said = tool("--reassignment-json-file", plan, "--verify")
        assert len(re.findall(r"^Reassignment of partition by-tool-\d is completed\.$", said, re.M)) == 4, said
        assert "No partition reassignments found." in tool("--list")

    def log_dirs(leatd, _):
        """says how large each partition is"""
        said = of(leatd, "LogDirsCommand", "--describe", "--topic-list", "by-tool")
        told = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
        directory, = told["brokers"][0]["logDirs"]
        assert {row["partition"] for row in directory["partitions"]} == {f"by-tool-{n}" for n in range(4)}, said
        assert not any(row["size"] for row in directory["partitions"]), said

    def offsets(leatd, written):
        """says where the topics written begin and end"""
        began, ended = set(), set()
        for writer, topics in written.items():
            for partition, count in Counter(record.partition for record in writer.corpus()).items():
                began |= {f"{topic}:{partition}:0" for topic in topics.values()}
                ended |= {f"{topic}:{partition}:{count}" for topic in topics.values()}
        names = {line.split(":")[0] for line in began}
        for when, expected in [("earliest", began), ("latest", ended)]:
            said = of(leatd, "GetOffsetShell", "--time", when).split()
            got = {line for line in said if line.split(":")[0] in names}
            assert got == expected, sorted(got ^ expected)

    def perf(leatd, _):
        """writes, and its records are there"""
        of(leatd, "TopicCommand", "--create", "--topic", "perf", "--partitions", "1")
        said = of(leatd, "ProducerPerformance", "--topic", "perf", "--num-records", PERF, "--record-size", "1000",
                  "--throughput", "-1")
        assert re.search(rf"^{PERF} records sent", said, re.M), said
        assert of(leatd, "GetOffsetShell", "--topic", "perf").split() == [f"perf:0:{PERF}"]

    codecs = defaultdict(set)  # by topic, of the batches in its logs

    def dump(*options):
        said = kafka.tool("DumpLogSegments", "--deep-iteration", *options)
        text = said.stdout.decode(errors="replace") + said.stderr.decode(errors="replace")
        assert not complaints(text), "\n".join(complaints(text)[:10])
        return text

    def data_logs(leatd, written):
        """finds nothing wrong in the logs and indexes of every partition"""
        for writer, topics in written.items():
            text = dump("--files", ",".join(files(leatd.data, f"{topic}-[0-9]*") for topic in topics.values()))
            for topic, part in re.findall(r"^Dumping \S*/(\S+)-\d+/\d+\.log$(.*?)(?=^Dumping|\Z)", text, re.M | re.S):
                assert "isvalid: true" in part, part[:1000]
                codecs[topic] |= set(re.findall(r"compresscodec: (\w+)", part))

    def codecs_asked_for(leatd, written):
        """finds the codecs that clients were asked to write with"""
        wrong = []
        for writer, topics in written.items():
            for codec, topic in topics.items():
                # Clients leave a batch as it is where the codec would not make it smaller.
                if codec not in codecs[topic] or not codecs[topic] <= {codec, "none"}:
                    wrong.append(f"{topic} has batches of {sorted(codecs[topic])}")
        assert not wrong, "\n".join(wrong)

    def metadata_log(leatd, _):
        """reads the metadata log"""
        text = dump("--cluster-metadata-decoder", "--files", files(leatd.data, "__cluster_metadata-0"))
        for expected in ['"type":"TOPIC_RECORD"', '"type":"PARTITION_RECORD"', '"type":"FEATURE_LEVEL_RECORD"',
                         '"type":"REGISTER_BROKER_RECORD"']:
            assert expected in text, f"no {expected} in {text[:2000]}"

    yield Tool("kafka-topics", kafka, "--create, --describe, --list", [create_and_list, describe])
    yield Tool("kafka-leader-election", kafka, "--election-type preferred", [elect])
    yield Tool("kafka-reassign-partitions", kafka, "--generate, --execute, --verify, --list", [reassign])
    yield Tool("kafka-log-dirs", kafka, "--describe", [log_dirs])
    yield Tool("kafka-get-offsets", kafka, "earliest and latest of the topics written", [offsets])
    yield Tool("kafka-producer-perf-test", kafka, f"{PERF} records of 1000 bytes", [perf])
    yield Tool("kafka-dump-log", kafka, "--deep-iteration of every partition, --cluster-metadata-decoder",
               [data_logs, codecs_asked_for, metadata_log], of_files="indexes")


COMPLAINT = re.compile(r"isvalid: false|^Found |Mismatch|mismatch|Non-consecutive|out of order|orrupt|invalid bytes|"
                       r"[Ee]xception|should not|Unable|Could not|Cannot|failed", re.M)


def complaints(text):
    return [line for line in text.splitlines() if COMPLAINT.search(line)]


def files(data, pattern, suffixes=(".log", ".index", ".timeindex", ".snapshot", ".checkpoint")):
    found = [path for path in sorted(data.glob(f"{pattern}/*")) if path.suffix in suffixes and path.stat().st_size]
    assert found, f"no {pattern} in {data}"
    return ",".join(map(str, found))
