"""leat produce and consume --protobuf from outside, against a leatd: JSON in, bytes of messages there, JSON out.

usage: protobuf_test.py FOLDER_OF_LEAT_AND_LEATD [unittest arguments]
"""

import json
import os
import sys
import tempfile
import unittest

import leat_test

SHOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/shop/shop.proto")
ORDER = ("--protobuf", SHOP, "--message", "shop.Order")
REFUND = ("--protobuf", SHOP, "--message", "shop.Refund")
REASON = ("--protobuf", SHOP, "--message", "shop.Refund.Reason")
LINE = b'{"customer":"alice","lines":[{"item":"book","count":2}],"totalCents":"-250"}\n'
BYTES = b"\n\5alice\x12\x08\n\4book\x10\2\x18\xf3\3"


class Messages(leat_test.BrokerTest):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="leat-proto-test-")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def file(self, name, text):
        path = os.path.join(self.directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def values(self, topic):
        """The bytes of each value; none of them has a record separator in it."""
        return self.leat("consume", topic, "--format", r"%v\x1e").split(b"\x1e")[:-1]

    def consume_partly(self, topic, *words):
        """Where some records are no such messages: standard output, and the lines of standard error."""
        status, out, err = leat_test.run(*self.on("consume", topic, *words))
        self.assertEqual(status, 1, err)
        return out, err.splitlines()

    def test_json_comes_back_as_json(self):
        name = self.topic()
        self.leat("produce", name, *ORDER, stdin=LINE + b"{}\n" + LINE)
        self.assertEqual(self.values(name), [BYTES, b"", BYTES])
        self.assertEqual(self.leat("consume", name, *ORDER), LINE + b"{}\n" + LINE)

    def test_field_names_may_be_those_of_the_file(self):
        name = self.topic()
        self.leat("produce", name, *ORDER, "--value", '{"total_cents": 5}')
        self.assertEqual(self.leat("consume", name, *ORDER), b'{"totalCents":"5"}\n')

    def test_with_a_schema_id_values_are_framed_and_both_framings_are_read(self):
        name = self.topic()
        self.leat("produce", name, *ORDER, "--schema-id", 7, stdin=LINE)
        self.leat("produce", name, *ORDER, stdin=LINE)
        self.leat("produce", name, *ORDER, "--schema-id", 0, "--value", "{}")
        self.assertEqual(self.values(name), [b"\0\0\0\0\7\0" + BYTES, BYTES, b"\0\0\0\0\0\0"])
        self.assertEqual(self.leat("consume", name, *ORDER), LINE + LINE + b"{}\n")

    def test_the_frame_of_a_nested_message_has_its_indexes(self):
        name = self.topic()
        self.leat("produce", name, *REASON, "--schema-id", 258, "--value", '{"text":"late"}')
        self.assertEqual(self.values(name), [b"\0\0\0\1\2\4\2\0\n\4late"])
        self.assertEqual(self.leat("consume", name, *REASON), b'{"text":"late"}\n')

    def test_keys_headers_and_tombstones_are_as_without(self):
        name = self.topic()
        self.leat("produce", name, *ORDER, "--key-separator", ":", "--null-value", "-H", "h=1", stdin=b"alice:" + LINE + b"bob:\n")
        shown = [json.loads(line) for line in self.leat("consume", name, *ORDER, "--format", "json").splitlines()]
        self.assertEqual([(r["key"], r["value"]) for r in shown], [("alice", json.loads(LINE)), ("bob", None)])
        self.assertEqual(shown[0]["headers"], [{"key": "h", "value": "1"}])
        self.assertEqual(self.leat("consume", name, *ORDER, "--format", r"%k %V %v\n"),
                         b"alice %d " % len(BYTES) + LINE + b"bob -1 \n")

    def test_bad_json_is_named_by_its_line_and_what_came_before_is_sent(self):
        for bad, why in [(b'{"custmer":"bob"}', "custmer: Cannot find field"),
                         (b'{"totalCents":"much"}', 'invalid value "much" for type TYPE_SINT64'),
                         (b'{"customer":"bob"', "Unexpected end of string"),
                         (b'{"customer":"bob"} {}', "Parsing terminated before end of input"),
                         (b'{"lines":[{"count":-1}]}', "lines[0].count"), (b"[]", "Root element must be a message"),
                         (b"", "Unexpected end of string")]:
            with self.subTest(bad):
                name = self.topic()
                said = self.leat_refused("produce", name, *ORDER, stdin=LINE + bad + b"\n" + LINE)
                self.assertRegex(said, r"^line 2: no JSON of shop\.Order: ")
                self.assertIn(why, said)
                self.assertIn("; it and what follows was not sent", said)
                self.assertEqual(self.leat("consume", name, *ORDER), LINE)

    def test_a_message_without_a_required_field_is_not_sent(self):
        path = self.file("old.proto", 'syntax = "proto2"; message Old { required int32 a = 1; optional int32 b = 2; }')
        name = self.topic()
        old = ("--protobuf", path, "--message", "Old")
        said = self.leat_refused("produce", name, *old, stdin=b'{"a":1}\n{"b":2}\n')
        self.assertIn("line 2: no JSON of Old: missing field a", said)
        self.assertEqual(self.leat("consume", name, *old), b'{"a":1}\n')

    def test_a_value_that_is_no_message_is_told_of_and_stops_nothing(self):
        name = self.topic()
        self.leat("produce", name, *ORDER, stdin=LINE)
        self.leat("produce", name, stdin=b"poison\n\0\n\x12\3\n\1\xff\n")
        self.leat("produce", name, *ORDER, stdin=LINE)
        out, err = self.consume_partly(name, *ORDER)
        self.assertEqual(out, LINE * 2)
        self.assertEqual(err[:3], [
            f"{name}-0, offset 1: 6 bytes are no shop.Order: byte 2: field 13 is cut, or of wire type 1",
            f"{name}-0, offset 2: the frame is cut in its schema id",
            f"{name}-0, offset 3: 2 bytes are no shop.Order: byte 0: field lines has a length of 3, but 0 bytes follow"])
        self.assertEqual(err[-1], "leat: 4 of 6 records are no shop.Order")

    def test_json_shows_a_value_that_is_no_message_as_it_is(self):
        name = self.topic()
        self.leat("produce", name, "-k", "k", stdin=b"poison\n\xff\n")
        out, err = self.consume_partly(name, *ORDER, "--format", "json")
        shown = [json.loads(line) for line in out.splitlines()]
        self.assertEqual((shown[0]["key"], shown[0]["value"]), ("k", "poison"))
        self.assertEqual(shown[1]["value_base64"], "/w==")
        self.assertEqual([record["error"] for record in shown], err[:2])

    def test_a_frame_of_another_message_is_no_message_unless_asked_for(self):
        name = self.topic()
        self.leat("produce", name, *REFUND, "--schema-id", 7, "--value", '{"customer":"bob"}')
        _, err = self.consume_partly(name, *ORDER)
        self.assertEqual(err[0], f"{name}-0, offset 0: the frame's message indexes [1] lead to shop.Refund, and not to "
                                 "shop.Order at [0]")
        self.assertEqual(self.leat("consume", name, *ORDER, "--ignore-message-indexes"), b'{"customer":"bob"}\n')

    def test_imports_are_found_beside_the_file_in_proto_paths_and_in_leat(self):
        path = self.file("main/shop/basket.proto", 'syntax = "proto3"; import "common.proto"; import "shop/money.proto"; '
                                                   'import "google/protobuf/timestamp.proto"; message Basket { Id id = 1; '
                                                   'Money price = 2; google.protobuf.Timestamp at = 3; }')
        self.file("common/common.proto", 'syntax = "proto3"; message Id { string text = 1; }')
        self.file("main/shop/money.proto", 'syntax = "proto3"; message Money { int32 cents = 1; }')
        basket = ("--protobuf", path, "--message", "Basket")
        said = self.leat_refused("produce", "any", *basket, "--value", "{}")
        self.assertIn("common.proto: File not found", said)
        self.assertIn("--proto-path", said)
        paths = ("-I", os.path.join(self.directory, "common"), "--proto-path", os.path.join(self.directory, "main"))
        name = self.topic()
        line = b'{"id":{"text":"x"},"price":{"cents":5},"at":"2026-01-31T12:00:00Z"}\n'
        self.leat("produce", name, *basket, *paths, stdin=line)
        self.assertEqual(self.leat("consume", name, *basket, *paths), line)

    def test_a_bad_file_is_named_with_line_and_column(self):
        for text, why in [('syntax = "proto3";\nmessage Bad {\n  strin name = 1;\n}', 'bad.proto:3:3: "strin" is not defined'),
                          ('syntax = "proto3";\nmessage Bad {\n  string name 1;\n}', 'bad.proto:3:15: Missing field number'),
                          ("\0", "bad.proto:1:1: ")]:
            path = self.file("bad.proto", text)
            for command in ("produce", "consume"):
                self.assertIn(why, self.leat_refused(command, "any", "--protobuf", path, "--message", "Bad"))
        self.assertIn("cannot read nowhere.proto", self.leat_refused("consume", "any", "--protobuf", "nowhere.proto",
                                                                     "--message", "Bad"))

    def test_a_message_that_is_not_in_the_file_is_refused_with_those_that_are(self):
        for message in ("Order", "shop.Ordr", "google.protobuf.Any"):
            said = self.leat_refused("consume", "any", "--protobuf", SHOP, "--message", message)
            self.assertEqual(said, f"shop.proto has no message {message}; it has shop.Order, shop.Order.Line, shop.Refund, "
                                   "shop.Refund.Reason")

    def test_options_that_lack_each_other_are_mistakes(self):
        for words in (["--message", "shop.Order"], ["--protobuf", SHOP], ["-I", "."]):
            self.assertRegex(self.leat_refused("consume", "any", *words, status=2), r"requires|--protobuf")
        self.assertIn("--schema-id", self.leat_refused("produce", "any", *ORDER, "--schema-id", -1, status=2))
        self.leat_refused("produce", "any", "--schema-id", 1, status=2)


if __name__ == "__main__":
    leat_test.BIN = sys.argv.pop(1)
    unittest.main(verbosity=1)
