// @platformatic/kafka. Its streams join a group; its Consumer.fetch() does not.
import { Consumer, Producer } from '@platformatic/kafka'
import { main, printRecord } from './lines.mjs'

async function produce(bootstrap, topic, compression, groups) {
  const producer = new Producer({ clientId: 'leat-test', bootstrapBrokers: [bootstrap] })
  for (const group of groups) {
    const messages = group.map(({ partition, timestamp, key, value, headers }) => ({
      topic, partition, key, value,
      headers: new Map(headers),
      ...(timestamp === undefined ? {} : { timestamp: BigInt(timestamp) })
    }))
    await producer.send({ messages, compression })
  }
  await producer.close()
}

async function consume(bootstrap, count, topics) {
  const consumer = new Consumer({ clientId: 'leat-test', groupId: 'never-joined', bootstrapBrokers: [bootstrap] })
  for (const topic of topics) {
    const metadata = await consumer.metadata({ topics: [topic] })
    const { id, partitions } = metadata.topics.get(topic)
    const next = partitions.map(() => 0n)
    for (let got = 0, since = Date.now(); got < count;) {
      if (Date.now() - since > 30_000) throw new Error(`${topic}: nothing after ${got} records`)
      const answer = await consumer.fetch({
        node: partitions[0].leader,
        topics: [{
          topicId: id,
          partitions: partitions.map((p, partition) => ({
            partition, currentLeaderEpoch: p.leaderEpoch, fetchOffset: next[partition], lastFetchedEpoch: -1,
            partitionMaxBytes: 1_048_576
          }))
        }]
      })
      for (const { partitionIndex: partition, records: batches } of answer.responses.flatMap(r => r.partitions)) {
        for (const batch of batches ?? []) {
          for (const record of batch.records) {
            const offset = batch.firstOffset + BigInt(record.offsetDelta)
            if (offset < next[partition]) continue
            printRecord(topic, partition, offset, batch.firstTimestamp + record.timestampDelta, record.key,
              record.value, record.headers)
            next[partition] = offset + 1n
            got += 1
            since = Date.now()
          }
        }
      }
    }
  }
  await consumer.close()
}

await main(produce, consume)
