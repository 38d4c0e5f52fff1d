"""System calls of a leatd under strace, read back as values.

A thread has a file of its own (-ff), so that no call is cut in two. strace takes the time of a call's begin before the
kernel sees it and that of its end after, so that «a began after b had ended», said of these times, was true.
"""

import re
from dataclasses import dataclass

CALL = re.compile(r"^(\d+\.\d+) (\w+)\((.*)\) += (-?\d+)[^<]*(?:<(\d+\.\d+)>)?$")
DESCRIPTOR = re.compile(r"^\d+<((?:->|[^<>])*)>")
STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
WRITES = {"pwrite64", "pwritev", "pwritev2"}
SYNCS = {"fdatasync", "fsync", "syncfs"}
SENDS = {"write", "writev", "sendto", "sendmsg"}
RECEIVES = {"read", "readv", "recvfrom", "recvmsg"}
FILE_READS = {"read", "readv", "pread64", "preadv", "preadv2", "mmap"}


@dataclass
class Call:
    begin: int  # ns
    end: int
    name: str
    file: str  # what the descriptor is: a path, or TCP:[here->there]
    result: int
    text: str  # the arguments as strace prints them

    def data(self):
        """The bytes that went in or out."""
        joined = "".join(STRING.findall(self.text))
        return bytes.fromhex(joined.replace("\\x", ""))[: max(self.result, 0)]

    def is_segment(self):
        return self.file.endswith(".log")

    def is_tcp(self):
        return self.file.startswith("TCP")


def command(prefix, calls, string_limit):
    """What to put before a command, so that its calls are in files that begin with `prefix`."""
    return ["strace", "-f", "-ff", "-o", str(prefix), "-yy", "-xx", "-s", str(string_limit),
            "--absolute-timestamps=unix,ns", "--syscall-times=ns", "-e", "signal=none",
            "-e", "trace=" + ",".join(sorted(calls))]


def nanoseconds(text):
    seconds, fraction = text.split(".")
    return int(seconds) * 1_000_000_000 + int(fraction.ljust(9, "0"))


def parse_line(line):
    """None for what is not a finished call on a descriptor."""
    if not (match := CALL.match(line)):
        return None
    began, name, arguments, result, took = match.groups()
    if name == "mmap":  # the descriptor is the fifth argument
        fields = arguments.split(", ")
        arguments = ", ".join(fields[4:] + fields[:4])
        result = fields[1]
    if name == "sendfile":  # out, in: what is read is the second
        arguments = arguments.split(", ", 1)[1]
    descriptor = DESCRIPTOR.match(arguments)
    if not descriptor:
        return None
    file = descriptor.group(1)
    if "\\x" in file:
        file = re.sub(r"\\x([0-9a-f]{2})", lambda code: chr(int(code.group(1), 16)), file)
    begin = nanoseconds(began)
    return Call(begin, begin + nanoseconds(took or "0.0"), name, file, int(result), arguments)


def read(prefix):
    """All calls, by the time of their begin."""
    calls = []
    for file in prefix.parent.glob(prefix.name + ".*"):
        with open(file, errors="replace") as lines:
            calls += filter(None, (parse_line(line.rstrip("\n")) for line in lines))
    return sorted(calls, key=lambda call: call.begin)
