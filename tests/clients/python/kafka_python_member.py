"""kafka-python as a member of a group."""

from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import KafkaError

from member import Member

member = Member()
ASSIGNORS = {"range": RangePartitionAssignor, "cooperative-sticky": CooperativeStickyAssignor}
chosen = {"partition_assignment_strategy": [ASSIGNORS[member.assignor]]} if member.assignor else {}
consumer = KafkaConsumer(
    bootstrap_servers=member.bootstrap, group_id=member.group, auto_offset_reset="earliest", enable_auto_commit=False,
    session_timeout_ms=member.session_ms, heartbeat_interval_ms=member.heartbeat_ms, group_instance_id=member.instance,
    reconnect_backoff_max_ms=1000, **chosen)  # by default it may miss its session after a broker came back


def commit(partitions=None):
    offsets = member.committing(partitions)
    if not offsets:
        return
    try:
        consumer.commit({TopicPartition(member.topic, p): OffsetAndMetadata(o, "", -1) for p, o in offsets.items()})
        member.committed(offsets)
    except KafkaError as wrong:
        member.say("commit_failed", error=repr(wrong))


class Listener(ConsumerRebalanceListener):
    def on_partitions_assigned(self, assigned):
        member.say("assigned", partitions=sorted(p.partition for p in assigned))

    def on_partitions_revoked(self, revoked):
        gone = [p.partition for p in revoked]
        commit(gone)
        member.ended("revoked", gone)

    def on_partitions_lost(self, lost):
        member.ended("lost", [p.partition for p in lost])


consumer.subscribe([member.topic], listener=Listener())
while not member.leaving.is_set():
    for records in consumer.poll(timeout_ms=100).values():
        member.process([(record.partition, record.offset, record.value) for record in records])
    commit()
consumer.close()
member.say("left")
