#!/usr/bin/env python3
"""What leatd asks of the system, from outside: every acks=all answer follows a sync of its file that began after the
write of its batch; and what is fetched goes from the page cache to the socket without being read.

The checks are themselves tested, on the same trace with a sync taken away, brought forward, failed, and so on.
"""

import copy
import re
import subprocess
import sys
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "clients"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import produce_frames
import strace
from harness import PATIENCE, Leatd, case, create_topic, main, run

MIB = 1 << 20
PARTITIONS = 3
PRODUCERS = 3
RECORDS = 2000  # of each producer
SEGMENT = re.compile(r"/([^/]+)-(\d+)/\d{20}\.log$")


def covers(sync, path):
    if sync.result != 0:
        return False
    if sync.name == "syncfs":
        return path.startswith(sync.file.rstrip("/") + "/")
    return sync.file == path


def answers_sent(calls):
    """(time of the first byte, Answer) of every acks=all answer."""
    received = defaultdict(bytearray)
    sent = defaultdict(bytearray)
    pieces = defaultdict(list)  # connection: (position in the stream, begin of the call)
    for call in calls:
        if not call.is_tcp() or call.result <= 0:
            continue
        if call.name in strace.RECEIVES:
            received[call.file] += call.data()
        elif call.name in strace.SENDS:
            pieces[call.file].append((len(sent[call.file]), call.begin))
            data = call.data()
            assert len(data) == call.result, f"the trace has {len(data)} of {call.result} bytes sent"
            sent[call.file] += data
    for connection, stream in sent.items():
        requests = produce_frames.produce_requests(bytes(received[connection]))
        for position, frame in produce_frames.frames(bytes(stream)):
            version, acks = requests.get(int.from_bytes(frame[:4], "big"), (0, 0))
            if acks != -1:
                continue
            began = max(begin for start, begin in pieces[connection] if start <= position)
            for answer in produce_frames.answers(frame, version):
                yield began, answer


def batch_writes(calls):
    """(topic, partition, base offset): the call that wrote that batch."""
    writes = {}
    for call in calls:
        if call.name in strace.WRITES and (place := SEGMENT.search(call.file)):
            for base in produce_frames.batches(call.data()):
                writes[place.group(1), int(place.group(2)), base] = call
    return writes


def violations(calls):
    """How many answers were checked, and a sentence for each that no sync had preceded."""
    writes = batch_writes(calls)
    syncs = [call for call in calls if call.name in strace.SYNCS]
    checked = 0
    found = []
    for sent, answer in answers_sent(calls):
        if answer.error:
            continue
        checked += 1
        write = writes.get((answer.topic, answer.partition, answer.base_offset))
        if not write or write.end > sent:
            found.append(f"{answer}: no write before it")
        elif not any(covers(sync, write.file) and sync.begin >= write.end and sync.end <= sent for sync in syncs):
            found.append(f"{answer}: no sync of {write.file} between the write and the answer")
    return checked, found


class Trace:
    """The calls of a leatd that several producers wrote to."""

    def __init__(self):
        self.calls = []

    @classmethod
    @contextmanager
    def recorded(cls):
        trace = cls()
        leatd = Leatd()
        prefix = leatd.dir / "trace"
        leatd.wrap = strace.command(prefix, strace.WRITES | strace.SYNCS | strace.SENDS | strace.RECEIVES, 10 * MIB)
        with leatd:
            create_topic(leatd.bootstrap, "acks", PARTITIONS)
            produce_from_several(leatd)
            leatd.stop()
            trace.calls = strace.read(prefix)
        yield trace


def produce_from_several(leatd):
    lines = "".join(f"{n} {'x' * (n % 200)}\n" for n in range(RECORDS)).encode()
    producers = [subprocess.Popen(
        ["kcat", "-b", leatd.bootstrap, "-P", "-t", "acks", "-X", "acks=all", "-X", "batch.num.messages=10",
         "-X", "linger.ms=1", "-X", "max.in.flight=100", "-X", "sticky.partitioning.linger.ms=0"],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(PRODUCERS)]
    for producer in producers:
        producer.stdin.write(lines)
        producer.stdin.close()
    for producer in producers:
        assert producer.wait(PATIENCE) == 0, producer.stderr.read().decode()
        producer.stderr.close()


@case
def every_answer_follows_a_sync_of_its_batch(trace):
    checked, found = violations(trace.calls)
    print(f"     {checked} answers of acks=all, {sum(c.name in strace.SYNCS for c in trace.calls)} syncs")
    assert checked >= 100, f"only {checked} answers: this proves nothing"
    assert not found, f"{len(found)} of {checked}: {found[:5]}"


def doctored(trace, change):
    """The calls with `change` made to each sync; a change that returns False takes the sync away."""
    calls = copy.deepcopy(trace.calls)
    return [call for call in calls if call.name not in strace.SYNCS or change(call) is not False]


def expect_all_refused(calls):
    checked, found = violations(calls)
    assert checked >= 100 and len(found) == checked, f"{len(found)} of {checked} are refused"


@case
def answers_without_a_sync_are_refused(trace):
    expect_all_refused(doctored(trace, lambda sync: False))


@case
def a_failed_sync_counts_for_nothing(trace):
    def fail(sync):
        sync.result = -1

    expect_all_refused(doctored(trace, fail))


@case
def a_sync_of_another_file_counts_for_nothing(trace):
    def rename(sync):
        sync.file += ".other"

    expect_all_refused(doctored(trace, rename))


@case
def a_sync_that_began_before_the_write_counts_for_nothing(trace):
    def begin_early(sync):
        sync.begin = 0

    expect_all_refused(doctored(trace, begin_early))


@case
def a_sync_that_is_not_over_counts_for_nothing(trace):
    def never_end(sync):
        sync.end = 1 << 63

    expect_all_refused(doctored(trace, never_end))


@case
def one_sync_missing_is_found(trace):
    _, answer = max(((sent, answer) for sent, answer in answers_sent(trace.calls) if not answer.error), key=lambda each: each[0])
    write = batch_writes(trace.calls)[answer.topic, answer.partition, answer.base_offset]
    in_time = [c for c in trace.calls if c.name not in strace.SYNCS or c.begin < write.end]
    _, found = violations(in_time)
    assert any(each.startswith(f"{answer}: no sync") for each in found), "the last answer, without its sync, is not refused"


@case
def lines_of_strace_are_understood():
    lines = {
        '1700000000.000000100 pwrite64(12</d/t-0/00000000000000000000.log>, "\\x00\\x01", 2, 0) = 2 <0.000000050>':
            ("pwrite64", "/d/t-0/00000000000000000000.log", 2, b"\x00\x01"),
        '1700000000.000000100 sendmsg(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, {msg_name=NULL, msg_namelen=0, msg_iov='
        '[{iov_base="\\x0a", iov_len=1}, {iov_base="\\x0b\\x0c", iov_len=2}], msg_iovlen=2, msg_controllen=0, '
        'msg_flags=0}, MSG_NOSIGNAL) = 2 <0.000000050>': ("sendmsg", "TCP:[127.0.0.1:1->127.0.0.1:2]", 2, b"\x0a\x0b"),
        '1700000000.000000100 fdatasync(12</d/a.log>) = -1 EIO (Input/output error) <0.000000050>':
            ("fdatasync", "/d/a.log", -1, b""),
        '1700000000.000000100 sendfile(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, 12</d/a.log>, [0] => [7], 9) = 7 '
        '<0.000000050>': ("sendfile", "/d/a.log", 7, b""),
    }
    for line, expected in lines.items():
        call = strace.parse_line(line)
        assert call, line
        assert (call.name, call.file, call.result, call.data()) == expected, call
        assert (call.begin, call.end) == (1_700_000_000_000_000_100, 1_700_000_000_000_000_150), call
    assert strace.parse_line("1700000000.000000100 futex(0x7f, FUTEX_WAIT) = 0 <0.000000050>") is None


@case
def a_fetch_is_sent_from_the_page_cache():
    line = b"z" * 99_999 + b"\n"
    count = 101 * MIB // 100_000
    leatd = Leatd()
    prefix = leatd.dir / "trace"
    with leatd:
        run(["kcat", "-b", leatd.bootstrap, "-P", "-t", "fetched", "-p", "0"], stdin=line * count)
        leatd.stop()
        leatd.wrap = strace.command(prefix, strace.FILE_READS | {"sendfile", "splice", "copy_file_range"}, 0)
        leatd.start()
        got = run(["kcat", "-b", leatd.bootstrap, "-C", "-q", "-e", "-t", "fetched", "-p", "0", "-o", "beginning"]).stdout
        assert got == line * count, f"{len(got)} bytes of {len(line) * count}"
        leatd.stop()
        calls = [call for call in strace.read(prefix) if call.is_segment() and SEGMENT.search(call.file)
                 and "/fetched-" in call.file]
    sent = sum(max(call.result, 0) for call in calls if call.name == "sendfile")
    read = sum(max(call.result, 0) for call in calls if call.name in strace.FILE_READS)
    print(f"     sendfile {sent / MIB:.1f} MiB, read {read / MIB:.3f} MiB")
    assert sent >= 100 * MIB, f"sendfile sent {sent} bytes"
    assert read < MIB, f"{read} bytes were read from segments"


if __name__ == "__main__":
    main(Trace.recorded)
