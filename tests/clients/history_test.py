#!/usr/bin/env python3
"""history.py finds each fault that is planted in a history that has none."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from history import SECOND, Rules, faults

RULES = Rules(session=6 * SECOND, heartbeat=SECOND)


def at(t, event, **fields):
    return {"t": int(t * SECOND), "event": event, **fields}


def got(t, partition, begin, end):
    return at(t, "records", records=[(partition, n, f"v{n}") for n in range(begin, end)])


def commit(t, partition, offset, succeeds=True):
    events = [at(t, "committing", offsets=[(partition, offset)])]
    return events + [at(t + 0.1, "committed", offsets=[(partition, offset)])] if succeeds else events


def written(count, partition=0, t=0):
    return {partition: {n: (int(t * SECOND), f"v{n}") for n in range(count)}}


def handover():
    """One member has five records and gives way to another, which has five more."""
    return {"a": [at(0, "assigned", partitions=[0]), got(1, 0, 0, 5), *commit(2, 0, 5), at(3, "revoked", partitions=[0])],
            "b": [at(4, "assigned", partitions=[0]), got(5, 0, 5, 10), *commit(6, 0, 10), at(7, "left")]}


def death(taken_over_at):
    """A member is killed after a commit of five of seven records."""
    return {"a": [at(0, "assigned", partitions=[0]), got(1, 0, 0, 5), *commit(2, 0, 5), got(3, 0, 5, 7), at(4, "killed")],
            "b": [at(taken_over_at, "assigned", partitions=[0]), got(taken_over_at + 0.5, 0, 5, 10)]}


def zombie():
    """A member is stopped for ten seconds, and hears half a second later that it is none any more."""
    return {"a": [at(0, "assigned", partitions=[0]), got(1, 0, 0, 5), *commit(2, 0, 5), at(3, "stopped"),
                  at(13, "continued"), got(13.1, 0, 5, 7), at(13.5, "lost", partitions=[0])],
            "b": [at(9, "assigned", partitions=[0]), got(9.5, 0, 5, 10), *commit(10, 0, 10)]}


class HistoryTest(unittest.TestCase):
    def expect(self, history, *beginnings, count=10, rules=RULES, **more):
        found = faults(history, written(count), rules, **more)
        self.assertEqual(len(found), len(beginnings), found)
        for fault, beginning in zip(found, beginnings):
            self.assertTrue(fault.startswith(beginning), fault)

    def test_a_handover_is_well(self):
        self.expect(handover())

    def test_a_death_is_well(self):
        self.expect(death(10))

    def test_a_zombie_is_well(self):
        self.expect(zombie())

    def test_a_zombie_may_begin_where_its_successor_is(self):
        history = zombie()
        history["a"][1:4] = []
        history["b"][1:2] = [got(9.5, 0, 0, 10)]
        history["a"][-2] = got(13.1, 0, 10, 12)
        self.expect(history)

    def test_events_may_be_told_in_any_order(self):
        self.expect({name: events[::-1] for name, events in handover().items()})

    def test_a_lost_record(self):
        history = handover()
        history["b"][1:2] = [got(5, 0, 5, 7), got(5, 0, 8, 10)]
        self.expect(history, "H3", "H1: 0: 1 records are lost, the first at 7")

    def test_a_record_that_only_a_zombie_has(self):
        history = zombie()
        history["b"][1:] = [got(9.5, 0, 5, 6), *commit(10, 0, 6)]
        self.expect(history, "H1: 0 is stuck", count=7)

    def test_a_partition_owned_twice(self):
        history = handover()
        history["b"][0] = at(2.5, "assigned", partitions=[0])
        self.expect(history, "H2")

    def test_a_partition_that_is_assigned_again_before_it_is_given_up(self):
        history = handover()
        history["a"].insert(1, at(0.5, "assigned", partitions=[0]))
        self.expect(history, "H2", "H2")

    def test_a_partition_given_up_that_is_not_owned(self):
        history = handover()
        history["a"].append(at(3.5, "revoked", partitions=[0]))
        self.expect(history, "H2")

    def test_records_without_ownership(self):
        history = handover()
        history["a"].append(got(3.5, 0, 5, 6))
        self.expect(history, "H3")

    def test_records_out_of_order(self):
        history = handover()
        history["b"][1:2] = [got(5, 0, 5, 8), got(5.1, 0, 7, 10)]
        self.expect(history, "H3")

    def test_a_repetition_of_what_was_committed(self):
        history = handover()
        history["b"][1] = got(5, 0, 4, 10)
        self.expect(history, "H4")

    def test_a_gap_after_what_was_committed(self):
        history = handover()
        history["b"][1] = got(5, 0, 6, 10)
        self.expect(history, "H4", "H1")

    def test_a_commit_that_failed_counts_or_not(self):
        history = handover()
        history["a"][2:4] = commit(2, 0, 5, succeeds=False)
        self.expect(history)
        history["b"][1] = got(5, 0, 0, 10)
        self.expect(history)
        history["b"][1] = got(5, 0, 3, 10)
        self.expect(history, "H4")

    def test_a_commit_that_is_forgotten(self):
        history = handover()
        history["b"][1] = got(5, 0, 0, 10)
        self.expect(history, "H4")

    def test_a_session_that_ends_too_soon(self):
        self.expect(death(8), "H5")
        history = zombie()
        history["b"][0] = at(7, "assigned", partitions=[0])
        self.expect(history, "H5")

    def test_a_static_member_may_come_back_before_its_session_ends(self):
        self.expect(death(5), instances={"a": "x", "b": "x"})
        self.expect(death(5), "H5", instances={"a": "x", "b": "y"})

    def test_a_zombie_that_may_commit(self):
        history = zombie()
        history["a"][-1:-1] = commit(13.2, 0, 7)
        self.expect(history, "H6")

    def test_a_commit_that_a_client_keeps_back_until_it_is_another_member_may_go_back(self):
        history = zombie()
        history["a"] += [at(13.2, "committing", offsets=[(0, 7)]), at(13.6, "committed_anew", offsets=[(0, 7)]),
                         at(13.7, "assigned", partitions=[0]), got(14, 0, 7, 10)]
        history["b"] += [at(13.4, "revoked", partitions=[0])]
        self.expect(history)
        history["a"][-3]["event"] = "committed"
        self.expect(history, "H4", "H6")

    def test_a_short_stop_makes_no_zombie(self):
        history = zombie()
        history["a"][5:] = [at(6, "continued"), at(13.5, "lost", partitions=[0])]
        history["a"].insert(-1, at(6, "note"))
        self.expect(history, "H2")

    def test_a_member_that_comes_late_to_a_broker_that_was_down_is_a_zombie(self):
        history = zombie()
        history["a"][4:6] = []
        self.expect(history, "H2")
        self.expect(history, rules=RULES._replace(downtimes=((2 * SECOND, 3 * SECOND),)))
        self.expect(history, "H5", rules=RULES._replace(downtimes=((2 * SECOND, 4 * SECOND),)))

    def test_a_partition_that_is_stuck(self):
        self.expect(handover(), "H1: 0 is stuck: nothing from 10 on of 12", count=12)
        self.expect({}, "H1: 0 is stuck: nothing from 0 on", count=12)

    def test_a_record_that_is_late(self):
        rules = RULES._replace(soon=4 * SECOND)
        self.expect(handover(), "H7: 0:9 is delivered 5.0 s", rules=rules)
        self.expect(handover(), rules=rules._replace(downtimes=((SECOND, 3 * SECOND),), reconnect=0))
        self.expect(handover(), rules=rules._replace(downtimes=((SECOND, SECOND),), reconnect=2 * SECOND))
        late = {name: [{**event, "t": event["t"] + 90 * SECOND} for event in events] for name, events in handover().items()}
        self.expect(late, "H7: 0:9 is delivered 5.0 s", rules=rules)
        self.expect(late)

    def test_a_value_of_another_record(self):
        history = handover()
        history["b"][1]["records"][0] = (0, 5, "v6")
        self.expect(history, "H1: b got 'v6' at 0:5")

    def test_a_client_that_cannot_tell_its_ownerships_must_still_get_all(self):
        rules = RULES._replace(owners=False)
        history = handover()
        history["a"].append(got(3.5, 0, 5, 6))
        history["a"][-2], history["a"][-1] = history["a"][-1], history["a"][-2]
        self.expect(history, rules=rules)
        history["b"][1] = got(5, 0, 7, 10)
        self.expect(history, "H1", rules=rules)

    def test_a_zombie_that_cannot_tell_is_none_once_it_is_assigned_something(self):
        rules = RULES._replace(owners=False)
        history = zombie()
        history["a"][-1:] = [at(14, "assigned", partitions=[]), got(14.5, 0, 10, 12)]
        self.expect(history, count=12, rules=rules)
        history["a"].pop(-2)
        self.expect(history, "H1: 0 is stuck", count=12, rules=rules)


if __name__ == "__main__":
    unittest.main()
