"""What is asked of leatd and Apache Kafka on the same directory."""

import os
from pathlib import Path

import batches
from harness import case
from home import Home, STATIC, uuid_text
from ledger import HOUR, IDEMPOTENT, Ledger, Member
from tools import Kafka as Tools
from transactions import SETTINGS, Script, seen

JAVA = Tools(Path(os.environ["LEAT_TWOWAY_JAVA"])).java


def fill(ledger):
    """Topics, records, a deleted topic and one of that name made anew, offsets of groups."""
    ledger.create("many", 3)
    ledger.create("settled", 1, retention_ms="-1", max_message_bytes="200000", compression_type="producer")
    ledger.create("gone", 2)
    ledger.create("again", 1)
    ledger.create("empty", 2)
    ledger.create("followed", 2)
    for topic in ["gone", "again"]:
        ledger.write(topic, 10)
        ledger.delete(topic)
    ledger.create("again", 2)
    for topic in ["many", "settled", "again", "followed"]:
        ledger.write(topic, 30)
    ledger.commit("simple", "many", 0, 17, "a note")
    ledger.commit("simple", "many", 2, 30)
    ledger.commit("other", "settled", 0, 1)


def same_producers(home, ledger):
    """None had to begin anew: those of the idempotent producers, in their first epoch."""
    used = {(header.producer_id, header.producer_epoch) for topic in ["many", "followed"]
            for log in home.data.glob(f"{topic}-*/*.log") for header in batches.headers(log.read_bytes())}
    ids = [producer for producer, epoch in used if producer >= 0]
    assert all(epoch == 0 for producer, epoch in used if producer >= 0), used
    assert len(ids) == len(IDEMPOTENT), used


def go_on(ledger, round):
    """On another broker: more of all, in the same topics and new ones."""
    for topic in sorted({"many", "settled", "followed", "preallocated"} & set(ledger.partitions)):
        ledger.write(topic, 20)
    ledger.create(f"new-{round}", 2)
    ledger.write(f"new-{round}", 10)
    ledger.change("settled", "retention.bytes", str(1_000_000_000 + round))
    ledger.commit("simple", "many", 0, 17 + round)
    ledger.commit(f"of-{round}", "many", 1, round, "new")


@case
def leatd_to_kafka_and_back():
    with Home(JAVA) as home:
        ledger = Ledger(home.bootstrap, seed=1)
        with home.leatd():
            fill(ledger)
            member = Member(ledger, "live", "followed")
            member.catch_up()
            ledger.check()
        assert home.was_stopped_cleanly() and home.segments("many-0") > 2 and home.is_verified()
        with home.kafka():
            ledger.check()
            go_on(ledger, 1)
            member.catch_up()
            ledger.delete_records("many", 1, 77)
            ledger.check()
        assert home.was_stopped_cleanly() and home.is_verified()
        with home.leatd() as leatd:
            ledger.check()
            go_on(ledger, 2)
            member.catch_up()
            ledger.check()
            leatd.kill9()
        with home.kafka():
            ledger.check()
            go_on(ledger, 3)
            member.catch_up()
            ledger.check()
        with home.leatd():
            ledger.check()
            member.catch_up()
            member.leave()
        same_producers(home, ledger)


@case
def kafka_to_leatd_and_back():
    with Home(JAVA, STATIC) as home:
        home.format()
        ledger = Ledger(home.bootstrap, seed=2)
        with home.kafka():
            fill(ledger)
            ledger.delete_records("many", 0, 55)
            ledger.create("preallocated", 1, preallocate="true", retention_ms="-1")
            ledger.write("preallocated", 20)
            member = Member(ledger, "live", "followed")
            member.catch_up()
            ledger.check()
        assert home.was_stopped_cleanly() and home.has_metadata_snapshot() and home.segments("many-0") > 2
        assert home.is_verified()
        with home.leatd():
            ledger.check()
            go_on(ledger, 1)
            member.catch_up()
            ledger.check()
        with home.kafka() as kafka:
            ledger.check()
            go_on(ledger, 2)
            member.catch_up()
            kafka.kill9()
        with home.leatd():
            ledger.check()
            go_on(ledger, 3)
            member.catch_up()
            ledger.check()
            member.leave()
        same_producers(home, ledger)


@case
def a_directory_that_kafka_only_formatted():
    """With voters in the metadata log; leatd is the first that runs on it."""
    with Home(JAVA) as home:
        home.format("--standalone")
        ledger = Ledger(home.bootstrap, seed=3)
        with home.leatd():
            go_through(ledger)
        with home.kafka():
            ledger.check()
            ledger.write("first", 10)
            ledger.check()
        with home.leatd():
            ledger.check()


def go_through(ledger):
    ledger.create("first", 2)
    ledger.write("first", 20)
    ledger.commit("simple", "first", 0, 5)
    ledger.check()


def refused(home, sentence, may_add=False, **settings):
    """leatd ends with this said, and no file is another than before. `may_add`: of those that were there."""
    before = home.state()
    leatd = home.leatd(**settings)
    try:
        leatd.start()
    except AssertionError:
        said = leatd.output()
    else:
        leatd.kill9()
        raise AssertionError(f"leatd started, though: {sentence}")
    finally:
        leatd.discard()
    assert sentence in said, f"no {sentence!r} in: {said}"
    after = home.state()
    changed = {name for name in {*before, *(() if may_add else after)} if before.get(name) != after.get(name)}
    assert not changed, f"changed while refusing: {changed}"


@case
def a_transaction_that_kafka_left_open():
    """It still is one after leatd ran and was killed: Kafka aborts it, and its records are not seen."""
    with Home(JAVA, STATIC) as home:
        home.format()
        ledger = Ledger(home.bootstrap, seed=5)
        with home.kafka():
            ledger.create("opened", 1)
            first = ledger.transactional("opener")
            first.begin_transaction()
            ledger.write("opened", 5)
            of_others = list(ledger.records["opened", 0])
            ledger.write_with(first, "opened", 10)
            ledger.records["opened", 0] = of_others
            del first
        with home.leatd() as leatd:
            ledger.write("opened", 5)
            leatd.kill9()
        with home.kafka():
            ledger.transactional("opener")  # ends what the one before it began
            ledger.write("opened", 5)
            ledger.check()


@case
def transactions_of_kafka_are_seen_as_kafka_shows_them():
    """Committed, aborted and open ones, over several segments; also by a leatd that made all indexes anew."""
    with Home(JAVA, STATIC) as home:
        home.format()
        ledger = Ledger(home.bootstrap, seed=6)
        script = Script(seed=6, partitions=2, steps=300)

        def shown():
            return seen(JAVA, home.bootstrap, "mixed", 2, script.clock - HOUR // 6)

        def indexes():
            return {path: path.read_bytes() for path in home.data.glob("mixed-*/*.txnindex")}

        with home.kafka():
            ledger.create("mixed", 2, **SETTINGS)
            script.write(JAVA, home.bootstrap, "mixed")
            by_kafka = shown()
        assert script.open and home.segments("mixed-0") > 5 and len(indexes()) > 2
        committed = {line.split()[-1] for line in by_kafka if line.startswith("read_committed")}
        assert home.is_verified()
        assert not committed & {*script.values["aborted"]} and committed & {*script.values["committed"]}
        with home.leatd() as leatd:
            assert shown() == by_kafka
            leatd.kill9()
        before = indexes()
        (home.data / "recovery-point-offset-checkpoint").unlink()
        with home.leatd():
            assert shown() == by_kafka
            script.write_plain(JAVA, home.bootstrap, "mixed", 20)
            by_leatd = shown()
        assert indexes() == before
        with home.kafka():
            assert shown() == by_leatd != by_kafka
            for producer in script.open:
                ledger.transactional(producer)  # ends what the one before it began
            by_kafka = shown()
        with home.leatd():
            assert shown() == by_kafka


@case
def leatd_refuses_what_it_cannot_honour():
    """With a sentence, and without a change."""
    with Home(JAVA, STATIC) as home:
        home.format()
        with home.leatd():
            go_through(Ledger(home.bootstrap, seed=4))
        assert home.was_stopped_cleanly()
        refused(home, "belongs to node.id 1, and the configuration says 7", **{"node.id": 7})
        good = {path: path.read_bytes() for path in (home.data / "__cluster_metadata-0").iterdir()}

        def with_record(value, sentence):
            batches.append(home.data / "__cluster_metadata-0", value)
            refused(home, sentence)
            for path, content in good.items():
                path.write_bytes(content)

        with_record(batches.feature_level("metadata.version", 31),
                    "feature metadata.version is finalised at 31; this build knows 7 to 30")
        with_record(batches.feature_level("tomorrow.version", 1),
                    "feature tomorrow.version is finalised at 1 and not known to this build")
        with_record(batches.of_type(120), "metadata record")
        with home.leatd():
            pass


@case
def leatd_refuses_a_quorum_of_several():
    with Home(JAVA) as home:
        home.format("--initial-controllers", ",".join(f"{n}@127.0.0.1:{home.controller}:{uuid_text()}" for n in (1, 2)))
        refused(home, "the metadata log has 2 voters; this build can lead a quorum of one only", may_add=True)
