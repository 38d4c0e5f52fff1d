// kafkajs as a member of a group. It has an assigner of its own, and its partitions are taken one after the other.
import kafkajs from 'kafkajs'
import { leaving, say, settings } from './member.mjs'

const { Kafka, logLevel } = kafkajs
const kafka = new Kafka({
  brokers: [settings.bootstrap], logLevel: logLevel.NOTHING, retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 60 }
})
const consumer = kafka.consumer({
  groupId: settings.group, sessionTimeout: settings.session_ms, heartbeatInterval: settings.heartbeat_ms, maxWaitTimeInMs: 200
})
let owned = []
let left = false
let batches = Promise.resolve()

function ended(event) {
  if (owned.length > 0) say(event, { partitions: owned })
  owned = []
}

consumer.on(consumer.events.REBALANCING, () => ended('revoked'))
consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
  ended('lost') // an unknown member joins again without having said that it is REBALANCING
  owned = payload.memberAssignment[settings.topic] ?? []
  say('assigned', { partitions: owned })
})
consumer.on(consumer.events.CRASH, ({ payload }) => say('note', { text: String(payload.error) }))

async function eachBatch({ batch, commitOffsetsIfNecessary, isStale, isRunning }) {
  const { topic, partition } = batch
  if (left || isStale() || !isRunning()) throw new Error('leaving')
  say('records', { records: batch.messages.map(m => [partition, Number(m.offset), m.value.toString()]) })
  const offset = Number(batch.lastOffset()) + 1
  say('committing', { offsets: [[partition, offset]] })
  try {
    await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset: String(offset) }] }] })
    say('committed', { offsets: [[partition, offset]] })
  } catch (wrong) {
    say('commit_failed', { error: String(wrong) })
    throw wrong
  }
}

await consumer.connect()
await consumer.subscribe({ topics: [settings.topic], fromBeginning: true })
await consumer.run({ autoCommit: false, eachBatch: given => (batches = eachBatch(given)) })
await leaving
left = true
await batches.catch(() => {})
ended('revoked')
await consumer.disconnect()
say('left')
process.exit(0)
