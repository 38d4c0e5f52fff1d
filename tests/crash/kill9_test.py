#!/usr/bin/env python3
"""`kill -9` of leatd under load, again and again: what was acknowledged is there exactly once, at its offset.

    kill9_test.py [CYCLES] [--seed N]        20 cycles unless told

After a kill the page cache is still there, so this only says that recovery keeps what it should; that acknowledged records
are on the disk is what tests/trace/acks_follow_sync.py and the simulated disk are for.
"""

import argparse
import random
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "clients"))
from harness import BIN, PATIENCE, Leatd, create_topic, run

TOPIC = "crash"
PARTITIONS = 4
CODECS = ["none", "lz4", "zstd"]  # one producer each
ENOUGH = 300  # acknowledgements of a producer before a kill is due: all are in the middle of their work


class Producers:
    """One process a codec; each writes what was acknowledged to a file of its own."""

    def __init__(self, leatd, cycle):
        self.files = []
        self.processes = []
        for codec in CODECS:
            file = leatd.dir / f"acked-{cycle}-{codec}"
            self.files.append(file)
            with open(file, "wb") as out:
                self.processes.append(subprocess.Popen(
                    [BIN / "acked_producer", leatd.bootstrap, TOPIC, str(PARTITIONS), f"{cycle}-{codec}", codec],
                    stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL))

    def wait_until_busy(self):
        deadline = time.monotonic() + PATIENCE
        while any(file.read_bytes().count(b"\n") < ENOUGH for file in self.files):
            assert all(p.poll() is None for p in self.processes), "a producer ended before the kill"
            assert time.monotonic() < deadline, f"fewer than {ENOUGH} acknowledgements in {PATIENCE} s"
            time.sleep(0.01)

    def acked(self):
        """{(partition, offset): name}, once all have ended."""
        acked = {}
        for process, file in zip(self.processes, self.files):
            assert process.wait(PATIENCE) == 0
            for line in file.read_text().splitlines():
                partition, offset, name = line.split(" ")
                assert (partition, offset) not in acked, f"two acknowledgements of offset {offset} in {partition}"
                acked[partition, offset] = name
        return acked

    def discard(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()


def read_log(leatd):
    """{(partition, offset): name} of all that a consumer sees, and whether each name and offset is there once."""
    out = run(["kcat", "-b", leatd.bootstrap, "-C", "-q", "-e", "-t", TOPIC, "-o", "beginning", "-f", "%p %o %k\n"],
              timeout=300).stdout.decode()
    log = {}
    names = set()
    ends = {}
    for line in out.splitlines():
        partition, offset, name = line.split(" ")
        assert int(offset) == ends.get(partition, 0), f"partition {partition}: offset {offset} after {ends.get(partition)}"
        ends[partition] = int(offset) + 1
        assert name not in names, f"{name} is there twice"
        names.add(name)
        log[partition, offset] = name
    return log


def run_cycles(leatd, cycles, dice):
    acked = {}
    before = {}
    for cycle in range(1, cycles + 1):
        producers = Producers(leatd, cycle)
        try:
            producers.wait_until_busy()
            time.sleep(dice.uniform(0, 0.3))
            leatd.kill9()
            new = producers.acked()
        finally:
            producers.discard()
        for place, name in new.items():
            assert place not in acked, f"{place} was acknowledged as {acked.get(place)} and again as {name}"
        acked |= new
        seconds = leatd.start()
        log = read_log(leatd)
        lost = [(place, name) for place, name in acked.items() if log.get(place) != name]
        assert not lost, f"cycle {cycle}: {len(lost)} acknowledged records are not where they were: {lost[:5]}"
        changed = [place for place, name in before.items() if log.get(place) != name]
        assert not changed, f"cycle {cycle}: {len(changed)} records that had been read are gone: {changed[:5]}"
        before = log
        print(f"ok   cycle {cycle}: {len(new)} acknowledged now, {len(acked)} in all, {len(log)} in the log, "
              f"{len(log) - len(acked)} without an answer; ready in {seconds * 1000:.0f} ms", flush=True)
        yield cycle


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cycles", nargs="?", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    print(f"seed {options.seed}")
    passed = failed = 0
    try:
        with Leatd() as leatd:
            create_topic(leatd.bootstrap, TOPIC, PARTITIONS)
            for _ in run_cycles(leatd, options.cycles, random.Random(options.seed)):
                passed += 1
    except Exception as error:
        failed = 1
        print(f"FAIL cycle {passed + 1}: {error}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
