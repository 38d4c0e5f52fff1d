"""confluent-kafka-python as a member of a group."""

from confluent_kafka import Consumer, KafkaException, TopicPartition

from member import COMMIT_AT, Member

member = Member()
settings = {
    "bootstrap.servers": member.bootstrap, "group.id": member.group, "auto.offset.reset": "earliest",
    "enable.auto.commit": False, "session.timeout.ms": member.session_ms, "heartbeat.interval.ms": member.heartbeat_ms,
    "reconnect.backoff.max.ms": 1000,  # by default it may miss its session after a broker came back
}
if member.assignor:
    settings["partition.assignment.strategy"] = member.assignor
if member.instance:
    settings["group.instance.id"] = member.instance
consumer = Consumer(settings)


def commit(partitions=None):
    offsets = member.committing(partitions)
    if not offsets:
        return
    try:
        done = consumer.commit(offsets=[TopicPartition(member.topic, p, o) for p, o in offsets.items()],
                               asynchronous=False)
        for partition in done:
            if partition.error:
                raise KafkaException(partition.error)
        member.committed(offsets)
    except KafkaException as wrong:
        member.say("commit_failed", error=str(wrong))


def on_assign(_, partitions):
    member.say("assigned", partitions=[p.partition for p in partitions])


def on_revoke(_, partitions):
    gone = [p.partition for p in partitions]
    commit(gone)
    member.ended("revoked", gone)


def on_lost(_, partitions):
    member.ended("lost", [p.partition for p in partitions])


consumer.subscribe([member.topic], on_assign=on_assign, on_revoke=on_revoke, on_lost=on_lost)
since = 0
while not member.leaving.is_set():
    message = consumer.poll(0.1)
    if message is not None and message.error():
        member.say("note", text=str(message.error()))
    elif message is not None:
        member.process([(message.partition(), message.offset(), message.value())])
        since += 1
    if message is None or since >= COMMIT_AT:
        commit()
        since = 0
consumer.close()
member.say("left")
