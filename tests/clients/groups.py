"""Groups of every client under load: members come, leave, are killed, are stopped and come back, and the broker goes.

A member is a program of a client that is given its settings as JSON, and says on stdout, a line of JSON each, what
history.py knows; "leave" on its stdin, or the end of it, has it go. All groups live at the same time on one broker, each
with a topic of its own to which one producer writes steadily.
"""

import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
import time
import traceback
from collections import defaultdict
from pathlib import Path

import history
from harness import create_topic

PARTITIONS = 6
PER_SECOND = 8  # records, to each partition
SESSION_MS, HEARTBEAT_MS = 6000, 1000
TOGETHER = "several clients in a group"  # as a client's name
STATIC_SESSION_MS = 30_000  # within which a member is to be back
PATIENCE = 90  # seconds until a group that does not become what it should is said to hang


class Member:
    """A running program of a client, and what it said."""

    def __init__(self, name, command, settings, log):
        self.name, self.log = name, log
        self.events, self.wrong = [], []
        self.owned, self.delivered = set(), 0
        self.changed = threading.Condition()
        with open(log, "wb") as errors:
            self.process = subprocess.Popen([*command, json.dumps(settings)], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=errors)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                self.wrong.append(f"{self.name} said {line[:200]}")
                continue
            self.note(event)
        with self.changed:
            self.changed.notify_all()

    def note(self, event):
        with self.changed:
            self.events.append(event)
            if event["event"] == "assigned":
                self.owned |= set(event["partitions"])
            elif event["event"] in ("revoked", "lost"):
                self.owned -= set(event["partitions"])
            elif event["event"] == "records":
                self.delivered += len(event["records"])
            elif event["event"] in ("left", "killed"):
                self.owned = set()
            self.changed.notify_all()

    def signal(self, number, event):
        # What it says until then was said before; what comes later must have a later time.
        if event == "continued":
            self.note({"t": time.monotonic_ns(), "event": event})
        os.kill(self.process.pid, number)
        if event != "continued":
            self.note({"t": time.monotonic_ns(), "event": event})

    def kill(self):
        self.signal(signal.SIGKILL, "killed")
        self.process.wait()

    def ask_to_leave(self):
        try:
            self.process.stdin.write(b"leave\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def leave(self):
        self.ask_to_leave()
        self.gone()

    def gone(self):
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"{self.name} does not leave: {self.errors()}") from None
        self.reader.join()
        assert status == 0, f"{self.name} ended with {status}: {self.errors()}"

    def errors(self):
        said = [event for event in self.events if event["event"] in ("note", "commit_failed")]
        return f"{said[-5:]}\n{self.log.read_text(errors='replace')[-1500:]}"


class Producer:
    """The steady producer of all topics, and what was acknowledged."""

    def __init__(self, python, program, bootstrap, topics, log):
        self.log = log
        self.written = {topic: defaultdict(dict) for topic in topics}  # partition, offset: when, value
        with open(log, "wb") as errors:
            self.process = subprocess.Popen([python, program, bootstrap, str(PARTITIONS), str(PER_SECOND), *topics],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            at, topic, partition, offset, value = line.decode().rstrip("\n").split("\t")
            self.written[topic][int(partition)][int(offset)] = (int(at), value)

    def under_way(self):
        """Waits until each partition has records, hence all know the topics."""
        began = time.monotonic()
        while any(len(partitions) < PARTITIONS for partitions in self.written.values()):
            assert self.process.poll() is None and time.monotonic() - began < PATIENCE, "the producer does not begin"
            time.sleep(0.02)

    def stop(self):
        self.process.stdin.close()
        status = self.process.wait(PATIENCE * 2)
        self.reader.join()
        assert status == 0, f"the producer ended with {status}: {self.log.read_text(errors='replace')[-1500:]}"


class Group:
    """A group of members that run `commands` in turn. `title` is for people, `case` for each step of its life."""

    def __init__(self, title, commands, assignor=None, client=None, static=False, owners=True):
        self.title, self.commands, self.assignor, self.client = title, commands, assignor, client
        self.static, self.owners = static, owners
        self.name = "".join(c if c.isalnum() else "-" for c in title.lower()).strip("-")
        self.topic = "of-" + self.name
        self.session_ms = STATIC_SESSION_MS if static else SESSION_MS
        self.members = []
        self.instances = {}

    def begin(self, bootstrap, directory):
        self.bootstrap, self.directory = bootstrap, directory

    def start(self, instance=None):
        n = len(self.members)
        name = f"{self.name}/{n}"
        if self.static and instance is None:
            instance = f"static-{n}"
        if instance:
            self.instances[name] = instance
        settings = {"bootstrap": self.bootstrap, "group": self.name, "topic": self.topic, "assignor": self.assignor,
                    "instance": instance, "session_ms": self.session_ms, "heartbeat_ms": HEARTBEAT_MS}
        member = Member(name, self.commands[n % len(self.commands)], settings,
                        self.directory / f"{self.name}-{n}.log")
        self.members.append(member)
        return member

    def until(self, condition, what, patience=PATIENCE):
        """Returns the seconds until `condition()`; members that end by themselves make it fail at once."""
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > patience:
                raise AssertionError(f"not {what} after {patience} s: "
                                     f"{ {m.name: sorted(m.owned) for m in self.members} }\n" +
                                     "\n".join(m.errors() for m in self.members))
            for member in self.members:
                if member.process.poll() not in (None, -signal.SIGKILL, 0):
                    raise AssertionError(f"{member.name} ended: {member.errors()}")
            time.sleep(0.02)
        return time.monotonic() - began

    def settled(self, *members, patience=PATIENCE):
        """Waits until these own all partitions between them, and each some."""
        def condition():
            owned = [sorted(member.owned) for member in members]
            return all(owned) and sorted(sum(owned, [])) == list(range(PARTITIONS))
        return self.until(condition, f"all partitions are owned by {[m.name for m in members]}", patience)

    def get_more(self, *members):
        """Waits until each of these is delivered records beyond those it has."""
        before = [member.delivered for member in members]
        self.until(lambda: all(m.delivered > n for m, n in zip(members, before)), "more records come")

    def finish(self, producer):
        """Waits until all that was written is delivered, and has the members leave."""
        expected = {(p, offset) for p, offsets in producer.written[self.topic].items() for offset in offsets}

        def all_delivered():
            got = {(p, offset) for m in self.members for e in list(m.events) if e["event"] == "records"
                   for p, offset, _ in e["records"]}
            return expected <= got
        try:
            self.until(all_delivered, "all is delivered")
        finally:
            live = [member for member in self.members if member.process.poll() is None]
            for member in live:
                member.ask_to_leave()
            for member in live:
                member.gone()

    def judge(self, producer, downtimes):
        rules = history.Rules(session=self.session_ms * 1_000_000, heartbeat=HEARTBEAT_MS * 1_000_000, owners=self.owners,
                              downtimes=downtimes)
        found = [wrong for member in self.members for wrong in member.wrong]
        found += history.faults({m.name: m.events for m in self.members}, producer.written[self.topic], rules,
                                self.instances)
        assert any(m.delivered for m in self.members), "nothing was delivered at all"
        if found:
            kept = Path(tempfile.gettempdir()) / f"leat-history-{self.name}.json"
            kept.write_text(json.dumps({m.name: m.events for m in self.members}))
            raise AssertionError(f"{len(found)} faults in {kept}:\n" + "\n".join(found[:12]))

    def end(self):
        for member in self.members:
            if member.process.poll() is None:
                member.process.kill()
                member.process.wait()


# What happens to a group, step by step. The doc of each step is its case.

def three_join(group):
    """members join one by one"""
    for count in range(1, 4):
        group.start()
        group.settled(*group.members)
    group.get_more(*group.members)


def one_leaves(group):
    """one leaves, and the others take over before a session could end"""
    first, second, third = group.members
    began = time.monotonic()
    third.leave()
    left = time.monotonic() - began
    took = group.settled(first, second, patience=PATIENCE)
    # Leaving itself takes clients a while.
    assert took < SESSION_MS / 1000 - 1 or left > SESSION_MS / 1000, f"the others took {took:.1f} s, as long as a session"


def one_is_killed(group):
    """one is killed, and the others take over"""
    first, second, _ = group.members
    fourth = group.start()
    group.settled(first, second, fourth)
    first.kill()
    group.settled(second, fourth)


def one_is_stopped(group):
    """one is stopped for longer than its session, and comes back"""
    _, second, _, fourth = group.members
    second.signal(signal.SIGSTOP, "stopped")
    try:
        group.until(lambda: len(fourth.owned) == PARTITIONS, "all partitions are taken over")
        time.sleep(1.5)  # until the other has committed some
    finally:
        second.signal(signal.SIGCONT, "continued")
    group.settled(second, fourth)


def a_static_member_restarts(group):
    """a static member that is killed and starts again has its partitions, and the others are not disturbed"""
    for _ in range(2):
        group.start()
        group.settled(*group.members)
    first, second = group.members
    group.get_more(first, second)
    owned, seen = set(second.owned), len([e for e in first.events if e["event"] in ("revoked", "lost", "assigned")])
    second.kill()
    third = group.start(instance=group.instances[second.name])
    group.settled(first, third)
    assert third.owned == owned, f"it has {third.owned} instead of {owned}"
    group.get_more(third)
    now = [e for e in first.events if e["event"] in ("revoked", "lost", "assigned")]
    assert len(now) == seen, f"the other member was told {now[seen:]}"


def a_static_member_dies(group):
    """a static member that is killed and stays away loses its partitions when its session ends"""
    first, _, third = group.members
    third.kill()
    group.until(lambda: len(first.owned) == PARTITIONS, "all partitions are taken over")


LIFE = [three_join, one_leaves, one_is_killed, one_is_stopped]
STATIC_LIFE = [a_static_member_restarts, a_static_member_dies]


class Run:
    """All groups on one broker."""

    def __init__(self, report, broker, groups, python, producer_program):
        self.report, self.broker, self.groups = report, broker, groups
        self.python, self.producer_program = python, producer_program
        self.ready = queue.Queue()  # what is done with the steps and awaits the restart
        self.restarted, self.ending = threading.Event(), threading.Event()
        self.downtimes = ()

    def run(self):
        directory = self.broker.dir / "groups"
        directory.mkdir(exist_ok=True)
        for group in self.groups:
            create_topic(self.broker.bootstrap, group.topic, PARTITIONS)
            group.begin(self.broker.bootstrap, directory)
        self.producer = Producer(self.python, self.producer_program, self.broker.bootstrap,
                                 [group.topic for group in self.groups], directory / "producer.log")
        threads = [threading.Thread(target=self.live, args=(group,)) for group in self.groups]
        try:
            self.producer.under_way()
            for thread in threads:
                thread.start()
            for _ in threads:
                self.ready.get()
            if self.broker.restarts:
                self.restart()
            self.restarted.set()
            for _ in threads:
                self.ready.get()
            self.step(None, "the producer has all acknowledged", self.producer.stop)
        finally:
            self.restarted.set()
            self.ending.set()
            for thread in threads:
                if thread.ident:
                    thread.join()
            for group in self.groups:
                group.end()
            if self.producer.process.poll() is None:
                self.producer.process.kill()

    def restart(self):
        down = time.monotonic_ns()
        self.step(None, "the broker is killed and starts again", self.broker.kill9_and_start)
        self.downtimes = ((down, time.monotonic_ns()),)

    def live(self, group):
        well = True
        for step in STATIC_LIFE if group.static else LIFE:
            well = well and self.step(group, step.__doc__, step, group)
        self.ready.put(group)
        self.restarted.wait()
        if self.broker.restarts and well:
            live = [m for m in group.members if m.process.poll() is None]
            well = self.step(group, "all go on after the broker was killed and started again", group.get_more, *live)
        self.ready.put(group)
        self.ending.wait()
        if group.members:
            self.step(group, "all is delivered, and all leave", group.finish, self.producer)
            self.step(group, "its history has no fault", group.judge, self.producer, self.downtimes)

    def step(self, group, what, function, *given):
        title, client = (group.title, group.client) if group else ("groups", TOGETHER)
        began = time.monotonic()
        try:
            function(*given)
            self.report.ok(f"{title}: {what} ({time.monotonic() - began:.1f} s)", client, "group step")
            return True
        except Exception as wrong:
            why = str(wrong) if isinstance(wrong, AssertionError) else traceback.format_exc()
            self.report.fail(f"{title}: {what}", why or traceback.format_exc(), client, "group step")
            return False
