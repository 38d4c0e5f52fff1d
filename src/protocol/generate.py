#!/usr/bin/env python3
"""Makes C++ of the message schemas: structs, the tables that describe them, and an index of the tables.

    generate.py SCHEMA_DIR OUT_DIR

Writes OUT_DIR/protocol/messages/<family>.h, OUT_DIR/protocol/api_key.h, OUT_DIR/tables_<n>.cc and
OUT_DIR/schema_tables.cc. A file whose content would not change keeps its time stamp. The notation is
described in SCHEMA_DIR/README.md.
"""
import pathlib
import re
import sys

CHUNKS = 8  # table sources: few, since their includes cost more than their tables
VERSION_MAX = 32767

CPP_TYPE = {
    "bool": "bool", "int8": "std::int8_t", "int16": "std::int16_t", "int32": "std::int32_t",
    "int64": "std::int64_t", "uint16": "std::uint16_t", "uint32": "std::uint32_t", "float64": "double",
    "uuid": "Uuid", "string": "std::string", "bytes": "Payload", "records": "Payload",
}
FIELD_TYPE = {"bool": "boolean"}
FIXED_SIZE = {"bool": 1, "int8": 1, "int16": 2, "int32": 4, "int64": 8, "uint16": 2, "uint32": 4,
              "float64": 8, "uuid": 16}
MESSAGE_KIND = {"metadata": "metadata_record", "coordinator-key": "coordinator_key",
                "coordinator-value": "coordinator_value"}


def snake_case(name):
    name = name.replace("KRaft", "Kraft")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


class Range:
    """A version range; empty when low > high."""

    def __init__(self, low=0, high=-1):
        self.low, self.high = low, high

    @staticmethod
    def parse(text):
        if text == "none":
            return Range()
        if text.endswith("+"):
            return Range(int(text[:-1]), VERSION_MAX)
        low, _, high = text.partition("-")
        return Range(int(low), int(high or low))

    def __and__(self, other):
        both = Range(max(self.low, other.low), min(self.high, other.high))
        return both if both else Range()

    def __bool__(self):
        return self.low <= self.high

    def __contains__(self, version):
        return self.low <= version <= self.high

    def __iter__(self):
        return iter(range(self.low, self.high + 1))

    def cpp(self):
        return f"{{{self.low}, {self.high}}}"

    def text(self):
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"


class Field:
    def __init__(self, words, valid):
        self.name = words[0].rstrip(":")
        self.member = snake_case(self.name)
        self.array = words[1].startswith("[]")
        self.type = words[1].removeprefix("[]")
        self.is_struct = self.type[0].isupper()
        assert self.is_struct or self.type in CPP_TYPE, f"unknown type {self.type}"
        declared = Range.parse(words[2])
        self.versions = declared & valid
        self.nullable = self.tagged = Range()
        self.tag, self.default, self.ignorable, self.inflexible = 0, None, False, False
        for word in words[3:]:
            name, _, value = word.partition("=")
            name, _, ranges = name.partition("@")
            if name == "nullable":
                self.nullable = (Range.parse(ranges) if ranges else declared) & self.versions
            elif name == "tag":
                value, _, ranges = value.partition("@")
                self.tag = int(value)
                self.tagged = (Range.parse(ranges) if ranges else declared) & self.versions
            elif name == "default":
                self.default = value
            elif name in ("ignorable", "inflexible"):
                setattr(self, name, True)
            else:
                assert name == "mapKey", f"unknown word {word}"
        self.struct = None
        assert not (self.type == "bool" and self.array), "std::vector<bool> has no elements to point at"
        assert not (self.type in ("string", "float64") and self.default not in (None, "null"))

    @property
    def is_payload(self):
        return self.type in ("bytes", "records") and not self.array

    @property
    def optional(self):
        return bool(self.nullable) and not self.is_payload

    @property
    def null_by_default(self):
        return self.default == "null" or (self.type == "records" and not self.array)

    @property
    def fallback(self):
        if self.default in (None, "null"):
            return 0
        return {"true": 1, "false": 0}.get(self.default) if self.type == "bool" else int(self.default, 0)

    def cpp_type(self):
        inner = self.type if self.is_struct else CPP_TYPE[self.type]
        if self.array:
            inner = f"std::vector<{inner}>"
        return f"std::optional<{inner}>" if self.optional else inner

    def initializer(self):
        if self.optional:
            return "" if self.null_by_default else "{std::in_place}"
        if self.is_payload:
            return "" if self.null_by_default else "{Bytes(nullptr, 0)}"
        if self.array or self.is_struct or self.type in ("string", "uuid"):
            return ""
        if self.type == "bool":
            return " = true" if self.fallback else " = false"
        if self.fallback == -2**31:
            return " = -2147483647 - 1"
        return f" = {self.fallback}"

    def size_min(self, version, flexible):
        """Least bytes of the value on the wire at that version."""
        compact = flexible and not self.inflexible
        if self.array:
            return 1 if compact else 4
        if self.type == "string":
            return 1 if compact else 2
        if self.type in ("bytes", "records"):
            return 1 if compact else 4
        if self.is_struct:
            return 1 if version in self.nullable else self.struct.size_min(version, flexible)
        return FIXED_SIZE[self.type]


class Struct:
    def __init__(self, name):
        self.name, self.fields = name, []

    def size_min(self, version, flexible):
        inline = [f for f in self.fields if version in f.versions and version not in f.tagged]
        return sum(f.size_min(version, flexible) for f in inline) + (1 if flexible else 0)

    def tagged(self):
        indexes = [i for i, f in enumerate(self.fields) if f.tagged]
        return sorted(indexes, key=lambda i: self.fields[i].tag)


class Message:
    def __init__(self, words):
        self.name, self.kind = words[0].rstrip(":"), words[1]
        attributes = dict(word.partition("=")[::2] for word in words[2:])
        self.versions = Range.parse(attributes["versions"])
        self.flexible = Range.parse(attributes.get("flexible", "none")) & self.versions
        self.id = int(attributes.get("key", attributes.get("id", -1)))
        self.log = attributes.get("log", "none")
        self.unstable = "unstable" in attributes
        self.listeners = [l for l in attributes.get("listeners", "").split(",") if l]
        self.root = Struct(self.name)
        self.structs = []  # nested ones, each before those that use it

    @property
    def api(self):
        return self.name.removesuffix("Request")

    def element_size_min(self, field):
        def size(version):
            flexible = version in self.flexible
            if field.is_struct:
                return field.struct.size_min(version, flexible)
            if field.type in FIXED_SIZE:
                return FIXED_SIZE[field.type]
            return 1 if flexible else 2 if field.type == "string" else 4

        least = min(size(v) for v in field.versions)
        assert least > 0, f"{self.name}.{field.name}: elements may take no bytes at all"
        return least


def parse_fields(lines, at, depth, message, known):
    """The fields from line `at` on that stand at `depth`; and the first line that is not theirs."""
    fields = []
    while at < len(lines):
        line = lines[at]
        if len(line) - len(line.lstrip()) != 2 * depth:
            break
        field = Field(line.split(), message.versions)
        children, at = parse_fields(lines, at + 1, depth + 1, message, known)
        if field.is_struct:
            if field.type not in known:
                assert children, f"{message.name}.{field.name}: no fields"
                known[field.type] = struct = Struct(field.type)
                struct.fields = children
                message.structs.append(struct)
            field.struct = known[field.type]
        if field.versions:
            fields.append(field)
    return fields, at


def parse_family(path):
    lines = [l for l in path.read_text().splitlines() if l.strip() and not l.lstrip().startswith("#")]
    messages, at = [], 0
    while at < len(lines):
        assert not lines[at].startswith(" "), f"{path}: stray line: {lines[at]}"
        message = Message(lines[at].split())
        message.root.fields, at = parse_fields(lines, at + 1, 1, message, {})
        messages.append(message)
    return messages


# --- headers ---------------------------------------------------------------------------------------


def struct_body(fields, indent, valid):
    for field in fields:
        note = "" if field.versions.text() == valid.text() else f"  // {field.versions.text()}"
        yield f"{indent}{field.cpp_type()} {field.member}{field.initializer()};{note}"


def nested_structs(message, indent):
    for struct in message.structs:
        yield f"{indent}struct {struct.name} {{"
        yield from struct_body(struct.fields, indent + "  ", message.versions)
        yield f"{indent}}};"


def message_header(message):
    flexible = f", flexible from {message.flexible.low}" if message.flexible else ""
    # Clang takes a nested struct with member initializers for one that cannot be made as long as the
    # outer struct is open, and std::optional asks that early: such structs stand outside.
    outside = any(f.is_struct and f.optional and not f.array
                  for s in [message.root, *message.structs] for f in s.fields)
    scope = snake_case(message.name) + "_structs"
    if outside:
        yield f"namespace {scope} {{"
        yield from nested_structs(message, "")
        yield f"}}  // namespace {scope}"
        yield ""
    yield f"/// Versions {message.versions.text()}{flexible}."
    yield f"struct {message.name} {{"
    if outside:
        yield from (f"  using {s.name} = {scope}::{s.name};" for s in message.structs)
    else:
        yield from nested_structs(message, "  ")
    yield from struct_body(message.root.fields, "  ", message.versions)
    if message.root.fields:
        yield ""
    yield "  static const MessageSchema& schema();"
    yield "};"


def family_header(family, messages):
    yield f"// Made from src/protocol/schema/{family}.schema. A member's comment says at which versions it exists."
    yield "#pragma once"
    yield ""
    yield "#include <cstdint>\n#include <optional>\n#include <string>\n#include <vector>"
    yield ""
    yield '#include "base/payload.h"\n#include "base/uuid.h"\n#include "protocol/message.h"'
    yield ""
    yield "namespace leat::protocol {"
    for message in messages:
        yield ""
        yield from message_header(message)
    yield ""
    yield "}  // namespace leat::protocol"


def api_key_header(requests):
    yield "// Made from src/protocol/schema."
    yield "#pragma once"
    yield ""
    yield "#include <cstdint>\n#include <string_view>"
    yield ""
    yield "namespace leat::protocol {"
    yield ""
    yield "/// What a request asks for. Its versions are in the schema: request_schema(key)."
    yield "enum class ApiKey : std::int16_t {"
    for message in requests:
        yield f"  {snake_case(message.api)} = {message.id},"
    yield "};"
    yield f"inline constexpr std::int16_t api_key_max = {requests[-1].id};"
    yield ""
    yield '/// "Fetch"; "unknown" for a number that is no key.'
    yield "std::string_view name(ApiKey key);"
    yield ""
    yield "}  // namespace leat::protocol"


# --- tables ----------------------------------------------------------------------------------------


def field_table(message, struct_cpp, field):
    parts = [f'.name = "{field.name}"', f".type = FieldType::{field_type(field)}"]
    for flag in ("array", "optional", "ignorable", "inflexible", "null_by_default"):
        if getattr(field, flag):
            parts.append(f".{flag} = true")
    if field.tagged:
        parts.append(f".tag = {field.tag}")
    if field.array:
        parts.append(f".element_size_min = {message.element_size_min(field)}")
    parts.append(f".offset = offsetof({struct_cpp}, {field.member})")
    parts.append(f".versions = {field.versions.cpp()}")
    for what in ("nullable", "tagged"):
        if getattr(field, what):
            parts.append(f".{what} = {getattr(field, what).cpp()}")
    if field.fallback:
        value = "-2147483647 - 1" if field.fallback == -2**31 else field.fallback
        parts.append(f".fallback = {value}")
    if field.is_struct:
        parts.append(f".structure = &{message.name}_{field.type}")
    if field.array or (field.is_struct and field.optional):
        parts.append(f".access = &AccessOf<decltype({struct_cpp}::{field.member})>::table")
    return "    {" + ", ".join(parts) + "},"


def field_type(field):
    return "structure" if field.is_struct else FIELD_TYPE.get(field.type, field.type)


def struct_table(message, struct):
    is_root = struct is message.root
    table = f"{message.name}_root" if is_root else f"{message.name}_{struct.name}"
    cpp = message.name if is_root else f"{message.name}::{struct.name}"
    fields, tagged = "{}", "{}"
    if struct.fields:
        fields = f"{table}_fields"
        yield f"constexpr FieldSchema {fields}[] = {{"
        yield from (field_table(message, cpp, f) for f in struct.fields)
        yield "};"
    if struct.tagged():
        tagged = f"{table}_tagged"
        yield f"constexpr std::uint8_t {tagged}[] = {{{', '.join(map(str, struct.tagged()))}}};"
    yield f'constexpr StructSchema {table} = {{"{struct.name}", {fields}, {tagged}}};'


def message_table(message):
    parts = [
        f'.name = "{message.name}"',
        f".kind = MessageKind::{MESSAGE_KIND.get(message.kind, message.kind)}",
        f".id = {message.id}",
        f".log = RecordLog::{message.log}",
        f".versions = {message.versions.cpp()}",
        f".flexible = {message.flexible.cpp()}",
        f".latest_unstable = {'true' if message.unstable else 'false'}",
        f".listeners = {sum({'broker': 1, 'controller': 2}[l] for l in message.listeners)}",
        f".root = &{message.name}_root",
        f".make = make_message<{message.name}>",
        f".destroy = destroy_message<{message.name}>",
    ]
    yield f"extern constexpr MessageSchema {message.name}_schema = {{" + ", ".join(parts) + "};"


def table_source(families):
    yield "// Made from src/protocol/schema."
    yield "#include <cstddef>"
    yield ""
    yield from (f'#include "protocol/messages/{family}.h"' for family in families)
    yield '#include "protocol/holder_access.h"'
    yield '#include "protocol/schema.h"'
    yield ""
    yield "namespace leat::protocol {"
    for messages in families.values():
        for message in messages:
            yield "\nnamespace {"
            for struct in [*message.structs, message.root]:
                yield from struct_table(message, struct)
            yield "}  // namespace"
            yield from message_table(message)
            yield f"const MessageSchema& {message.name}::schema() {{ return {message.name}_schema; }}"
    yield "\n}  // namespace leat::protocol"


def index_source(messages, requests):
    """What schema_index.cc searches: all schemas by name, requests and responses by api key."""
    by_name = sorted(messages, key=lambda m: m.name)
    yield "// Made from src/protocol/schema."
    yield '#include "protocol/schema_tables.h"'
    yield ""
    yield "namespace leat::protocol {"
    yield ""
    yield from (f"extern const MessageSchema {m.name}_schema;" for m in by_name)
    yield ""
    yield "namespace {"
    yield "constexpr const MessageSchema* by_name[] = {"
    yield from (f"    &{m.name}_schema," for m in by_name)
    yield "};"
    for kind in ("request", "response"):
        of_key = {m.id: m for m in messages if m.kind == kind}
        yield f"constexpr const MessageSchema* {kind}s[] = {{"
        for key in range(requests[-1].id + 1):
            yield f"    &{of_key[key].name}_schema," if key in of_key else "    nullptr,"
        yield "};"
    yield "constexpr std::string_view api_names[] = {"
    names = {m.id: m.api for m in requests}
    yield from (f'    "{names.get(key, "unknown")}",' for key in range(requests[-1].id + 1))
    yield "};"
    yield "}  // namespace"
    yield ""
    yield "constinit const std::span<const MessageSchema* const> schemas_by_name = by_name;"
    yield "constinit const std::span<const MessageSchema* const> request_schemas_by_key = requests;"
    yield "constinit const std::span<const MessageSchema* const> response_schemas_by_key = responses;"
    yield "constinit const std::span<const std::string_view> api_names_by_key = api_names;"
    yield ""
    yield "}  // namespace leat::protocol"


def write_if_changed(path, lines):
    text = "\n".join(lines) + "\n"
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def in_chunks(families):
    """Families dealt out so that every chunk has about as many messages."""
    chunks = [{} for _ in range(CHUNKS)]
    for family, messages in sorted(families.items(), key=lambda item: -len(item[1])):
        lightest = min(chunks, key=lambda c: sum(len(m) for m in c.values()))
        lightest[family] = messages
    return chunks


def main():
    schema_dir, out = map(pathlib.Path, sys.argv[1:])
    families = {path.stem: parse_family(path) for path in sorted(schema_dir.glob("*.schema"))}
    messages = [m for members in families.values() for m in members]
    requests = sorted((m for m in messages if m.kind == "request"), key=lambda m: m.id)
    headers = out / "protocol/messages"
    headers.mkdir(parents=True, exist_ok=True)
    for family, members in families.items():
        write_if_changed(headers / f"{family}.h", family_header(family, members))
    write_if_changed(out / "protocol/api_key.h", api_key_header(requests))
    for number, chunk in enumerate(in_chunks(families)):
        write_if_changed(out / f"tables_{number}.cc", table_source(chunk))
    write_if_changed(out / "schema_tables.cc", index_source(messages, requests))


if __name__ == "__main__":
    main()
