"""Values that are Protobuf messages: leat produce and consume --protobuf, and confluent-kafka-python's serializers."""

import json
from collections import namedtuple
from pathlib import Path

from harness import BIN, ROOT, create_topic, run
from tools import Tool

HERE = Path(__file__).resolve().parent
SHOP, EVENTS = ROOT / "examples/shop/shop.proto", HERE / "python/events.proto"
ORDER = {"customer": "alice", "lines": [{"item": "book", "count": 2}, {"item": "b\u00fccher \u2603"}], "totalCents": "-250"}
EVENT = {"counts": {"a": -1}, "at": "2026-01-31T12:00:00.000000001Z", "kind": "SOLD", "raw": "AP8=", "ratio": 0.1,
         "deltas": ["-9223372036854775808", "1"], "isKnown": False, "detail": {"notes": [{"text": "x"}, {}]},
         "stamp": "18446744073709551615"}

Case = namedtuple("Case", ["file", "message", "values"])
CASES = [Case(SHOP, "shop.Order", [ORDER, {}, {"customer": "x" * 100_000}]), Case(SHOP, "shop.Order.Line", [{"count": 1}, {}]),
         Case(SHOP, "shop.Refund", [{"reason": {"text": "late"}}]), Case(SHOP, "shop.Refund.Reason", [{"text": "late"}, {}]),
         Case(EVENTS, "events.First", [{"text": "first"}]), Case(EVENTS, "events.Event", [EVENT, {"name": ""}]),
         Case(EVENTS, "events.Event.Detail", [EVENT["detail"]]), Case(EVENTS, "events.Event.Detail.Note", [{"text": "n"}])]


class ProtobufSerializers(Tool):
    """A check for each message: what one side writes the other reads, and both write the same bytes."""

    def __init__(self, version, python):
        self.name, self.version, self.of_files = "confluent-kafka-python's Protobuf serializers", version, None
        self.exercised = "messages of files with several, nested ones and imports, to and from leat produce and consume --protobuf"
        self.python = [python, HERE / "python/confluent_kafka_protobuf.py"]
        self.checks = [self.check_of(case) for case in CASES]

    def check_of(self, case):
        def check(broker, _):
            theirs, ours = f"protobuf-theirs-{case.message}", f"protobuf-ours-{case.message}"
            create_topic(broker.bootstrap, theirs, 1)
            create_topic(broker.bootstrap, ours, 1)
            lines = "".join(json.dumps(value) + "\n" for value in case.values).encode()
            message = ["--protobuf", case.file, "--message", case.message]
            schema_id = self.confluent("write", broker, theirs, case, lines).strip().decode()
            leat("produce", broker, ours, *message, "--schema-id", schema_id, stdin=lines)
            assert self.confluent("read", broker, ours, case) == self.confluent("read", broker, theirs, case)
            for topic in theirs, ours:
                assert read_json(leat("consume", broker, topic, *message)) == case.values, topic
            bytes_of = [[record["value"] if "value" in record else record["value_base64"]
                         for record in read_json(leat("consume", broker, topic, "--format", "json"))]
                        for topic in (theirs, ours)]
            assert bytes_of[0] == bytes_of[1], bytes_of

        check.__doc__ = f"{case.message}, both ways and the same bytes"
        return check

    def confluent(self, action, broker, topic, case, stdin=None):
        descriptors = Path(broker.dir) / f"{case.file.stem}.descriptors"
        run(["protoc", "-I", case.file.parent, "--include_imports", f"--descriptor_set_out={descriptors}", case.file])
        return run([*self.python, action, broker.bootstrap, topic, descriptors, case.message], stdin=stdin).stdout


def leat(command, broker, topic, *options, stdin=None):
    return run([BIN / "leat", command, topic, "-b", broker.bootstrap, *options], stdin=stdin).stdout


def read_json(lines):
    return [json.loads(line) for line in lines.splitlines()]
