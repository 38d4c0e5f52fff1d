"""aiokafka as a member of a group. It joins again in the background, so processing and its listener take turns; not so
getting records, which waits for the listener."""

import asyncio

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError

from member import Member

member = Member()
chosen = {"partition_assignment_strategy": [RangePartitionAssignor]} if member.assignor == "range" else {}


class Listener(ConsumerRebalanceListener):
    def __init__(self, consumer):
        self.consumer, self.turn, self.owned = consumer, asyncio.Lock(), []

    async def on_partitions_assigned(self, assigned):
        async with self.turn:
            self.owned = [p.partition for p in assigned]
            member.say("assigned", partitions=sorted(self.owned))

    async def on_partitions_revoked(self, revoked):
        async with self.turn:
            await self.give_up()

    async def give_up(self):
        await self.commit()
        member.ended("revoked", self.owned)
        self.owned = []

    async def commit(self):
        offsets = member.committing()
        if not offsets:
            return
        try:
            await self.consumer.commit({TopicPartition(member.topic, p): o for p, o in offsets.items()})
            member.committed(offsets)
        except KafkaError as wrong:
            member.say("commit_failed", error=repr(wrong))


async def main():
    consumer = AIOKafkaConsumer(
        bootstrap_servers=member.bootstrap, group_id=member.group, auto_offset_reset="earliest", enable_auto_commit=False,
        session_timeout_ms=member.session_ms, heartbeat_interval_ms=member.heartbeat_ms,
        group_instance_id=member.instance, **chosen)
    listener = Listener(consumer)
    consumer.subscribe([member.topic], listener=listener)
    await consumer.start()
    while not member.leaving.is_set():
        got = await consumer.getmany(timeout_ms=100)
        async with listener.turn:
            for partition, records in got.items():
                if partition.partition in listener.owned:  # still
                    member.process([(record.partition, record.offset, record.value) for record in records])
            await listener.commit()
    async with listener.turn:  # its listener is not told of the end
        await listener.give_up()
    await consumer.stop()
    member.say("left")


asyncio.run(main())
