"""What members of one group said, judged: was every record delivered, by its owner, in order, from what was committed?

A history is a list of events for each member, each a dict with its time `t` (CLOCK_MONOTONIC, ns), told by the member:

    assigned, revoked, lost    partitions
    records                    records: partition, offset, value of each
    committing, committed      offsets: partition and offset of each; what failed stays at committing
    committed_anew             the same, where the client kept the commit back until it was another member of the group
    left

and by who runs it: killed, stopped and continued. An ownership is from assigned until revoked, lost or killed. Members take
the time of assigned before anything else and that of revoked last, so ownerships of a partition never overlap where the
broker does its work, except for those whose member was stopped for longer than its session: such a member is a zombie from
then on, until it hears that it is.

    H1  every acknowledged record is delivered to an owner that is no zombie
    H2  no two members own a partition at a time
    H3  records are delivered to owners only, in order, without gaps
    H4  an ownership begins with the last offset committed; with a later one only where a commit of it was under way
    H5  the partitions of a member that is killed or stopped stay its own until its session ends
    H6  a commit by a zombie, after another took over, is refused
    H7  a record is delivered soon after it is written, or after the first member came
"""

from collections import defaultdict
from typing import NamedTuple, Optional

SECOND = 1_000_000_000
FOREVER = 1 << 63


class Rules(NamedTuple):
    session: int  # ns, of the members
    heartbeat: int  # ns
    soon: int = 45 * SECOND  # H7; machines are slow when many members start
    slack: int = SECOND // 2  # how late a heartbeat may be
    downtimes: tuple = ()  # from and until, of the broker
    reconnect: int = 10 * SECOND  # what clients may wait until they find the broker again
    owners: bool = True  # whether a member can tell when it owns a partition; else only H1, H7 and what H4 says of gaps


class Ownership:
    def __init__(self, member, partition, begin):
        self.member, self.partition, self.begin = member, partition, begin
        self.end = FOREVER  # of what the member takes for its own
        self.zombie = FOREVER  # from then on another may own it
        self.died = None  # when it was killed or stopped for too long
        self.records = []  # (t, offset, value)

    def __str__(self):
        return f"{self.member}'s ownership of {self.partition} from {seconds(self.begin)}"


class Commit(NamedTuple):
    member: str
    began: int
    ended: Optional[int]  # None: it is not known to have succeeded
    offset: int
    anew: bool = False  # by another member than the one that began it


def seconds(t):
    return f"{t / SECOND % 100_000:.3f}"


def faults(members, written, rules, instances=None):
    """What is wrong, as sentences. `written`: by partition, by offset, when it was acknowledged and its value;
    `instances`: the static members' ids by their names."""
    found = []
    ownerships, commits = defaultdict(list), defaultdict(list)
    for name, events in members.items():
        read_member(name, sorted(events, key=lambda event: event["t"]), rules, ownerships, commits, found)
    came = min((o.begin for owned in ownerships.values() for o in owned), default=0)
    for partition in sorted({*ownerships, *written}):
        owned = sorted(ownerships[partition], key=lambda o: o.begin)
        values = written.get(partition, {})
        if rules.owners:
            overlaps(owned, instances or {}, rules, found)
            for ownership in owned:
                in_order(ownership, found)
                from_the_commit(ownership, commits[partition], found)
            zombie_commits(owned, commits[partition], found)
        delivered(partition, owned, values, came, rules, found)
    return found


def read_member(name, events, rules, ownerships, commits, found):
    """Collects what one member says, by partition."""
    owned = {}  # by partition
    under_way = {}
    stopped = None

    def end(partition, t, lost=False):
        ownership = owned.pop(partition)
        ownership.end = t
        for down, up in rules.downtimes if lost and ownership.died is None else ():
            if ownership.begin < down and t > up:
                ownership.died, ownership.zombie = down, up + rules.session - rules.slack

    for event in events:
        t, kind = event["t"], event["event"]
        if kind == "assigned":
            if not rules.owners:  # it is in the group again, and may keep what it had
                for partition, ownership in owned.items():
                    if ownership.zombie < t:
                        ownership.end = t
                        owned[partition] = Ownership(name, partition, t)
                        ownerships[partition].append(owned[partition])
            for partition in event["partitions"]:
                if partition in owned and rules.owners:
                    found.append(f"H2: {owned[partition]} begins again at {seconds(t)}")
                owned[partition] = Ownership(name, partition, t)
                ownerships[partition].append(owned[partition])
        elif kind in ("revoked", "lost"):
            for partition in event["partitions"]:
                if partition in owned:
                    end(partition, t, lost=kind == "lost")
                elif rules.owners:
                    found.append(f"H2: {name} gives up {partition} at {seconds(t)} but does not own it")
        elif kind == "records":
            for partition, offset, value in event["records"]:
                if partition in owned:
                    owned[partition].records.append((t, offset, value))
                elif rules.owners:
                    found.append(f"H3: {name} gets {partition}:{offset} at {seconds(t)} but does not own it")
                else:
                    owned[partition] = Ownership(name, partition, t)
                    ownerships[partition].append(owned[partition])
                    owned[partition].records.append((t, offset, value))
        elif kind == "committing":
            for partition, offset in event["offsets"]:
                under_way[partition, offset] = t
                commits[partition].append(Commit(name, t, None, offset))
        elif kind in ("committed", "committed_anew"):
            for partition, offset in event["offsets"]:
                commits[partition].append(Commit(name, under_way.get((partition, offset), t), t, offset,
                                                 anew=kind == "committed_anew"))
        elif kind == "left":
            for partition in list(owned):
                end(partition, t)
        elif kind == "stopped":
            stopped = t
        elif kind == "killed" or (kind == "continued" and t - stopped > rules.session - rules.heartbeat):
            died = t if kind == "killed" else stopped
            for ownership in owned.values():
                ownership.died = died
                ownership.zombie = died + rules.session - rules.heartbeat - rules.slack
            if kind == "killed":
                for partition in list(owned):
                    end(partition, t)


def overlaps(owned, instances, rules, found):
    for before, after in zip(owned, owned[1:]):
        same = before.member == after.member or instances.get(before.member, "-") == instances.get(after.member)
        if before.died is not None and not same and after.begin < before.zombie:
            found.append(f"H5: {before} ends at {seconds(before.died)}, and {after} begins before its session could end")
        elif before.end > after.begin and before.zombie > after.begin:
            found.append(f"H2: {before} until {seconds(before.end)} overlaps {after}")


def in_order(ownership, found):
    """H3. What a zombie gets is held to it as well: it goes on with what it fetched."""
    expected = None
    for t, offset, _ in ownership.records:
        if expected is not None and offset != expected:
            what = "skipped to" if offset > expected else "went back to"
            found.append(f"H3: {ownership} {what} {offset} at {seconds(t)} where {expected} was next")
        expected = offset + 1


def from_the_commit(ownership, commits, found):
    """H4. A zombie may ask so late where to begin that it learns what its successor committed. What a client commits for
    the member that it was, as the one that it has become, may go back: no broker can tell."""
    if not ownership.records or ownership.records[0][0] > ownership.zombie:
        return
    first = ownership.records[0][1]
    last = max((c.offset for c in commits if c.ended is not None and c.ended <= ownership.begin), default=0)
    possible = {c.offset for c in commits if c.began <= ownership.begin and (c.offset > last or c.anew)}
    if first in possible:
        return
    if first < last:
        found.append(f"H4: {ownership} begins with {first}, although {last} was committed")
    elif first > last:
        found.append(f"H4: {ownership} begins with {first}, and skips what follows the commit of {last}")


def zombie_commits(owned, commits, found):
    """H6."""
    for ownership in owned:
        others = [o.begin for o in owned if o.member != ownership.member and o.begin > ownership.zombie]
        for commit in commits:
            if (commit.member == ownership.member and commit.ended is not None and not commit.anew and others and
                    ownership.zombie < commit.began <= ownership.end and commit.began > min(others)):
                found.append(f"H6: {ownership}, a zombie, committed {commit.offset} at {seconds(commit.ended)}")


def delivered(partition, owned, values, came, rules, found):
    """H1 and H7, and that each value is the one written."""
    first = {}  # by offset
    for ownership in owned:
        for t, offset, value in ownership.records:
            if t < ownership.zombie:
                first[offset] = min(t, first.get(offset, t))
            if offset in values and values[offset][1] != value:
                found.append(f"H1: {ownership.member} got {value!r} at {partition}:{offset}, "
                             f"where {values[offset][1]!r} was written")
    missing = sorted(set(values) - set(first))
    tail = [offset for offset in missing if offset > max(first, default=-1)]
    holes = [offset for offset in missing if offset < max(first, default=-1)]
    if holes:
        found.append(f"H1: {partition}: {len(holes)} records are lost, the first at {holes[0]}")
    if tail:
        found.append(f"H1: {partition} is stuck: nothing from {tail[0]} on of {max(values) + 1} is delivered")
    late = [(first[offset] - max(at, came) - down_between(max(at, came), first[offset], rules), offset)
            for offset, (at, _) in values.items() if offset in first]
    if late and max(late)[0] > rules.soon:
        found.append(f"H7: {partition}:{max(late)[1]} is delivered {max(late)[0] / SECOND:.1f} s after it was written")


def down_between(begin, end, rules):
    return sum(max(0, min(end, up + rules.reconnect) - max(begin, down)) for down, up in rules.downtimes)
