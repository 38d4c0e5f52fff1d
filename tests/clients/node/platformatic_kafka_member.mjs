// @platformatic/kafka as a member of a group. What its stream has fetched comes also after its partition is revoked.
import { Consumer } from '@platformatic/kafka'
import { leaving, say, settings } from './member.mjs'

const consumer = new Consumer({
  clientId: 'leat-test', groupId: settings.group, bootstrapBrokers: [settings.bootstrap], retries: 60, retryDelay: 500,
  sessionTimeout: settings.session_ms, heartbeatInterval: settings.heartbeat_ms, rebalanceTimeout: settings.session_ms,
  maxWaitTime: 200, ...(settings.instance ? { groupInstanceId: settings.instance } : {})
})
let owned = []

function revoked() {
  if (owned.length > 0) say('revoked', { partitions: owned })
  owned = []
}

consumer.on('consumer:group:rebalance', revoked)
consumer.on('consumer:group:join', ({ assignments }) => {
  revoked()
  owned = assignments.filter(each => each.topic === settings.topic).flatMap(each => each.partitions)
  say('assigned', { partitions: owned })
})

let stream

async function read() {
  stream = await consumer.consume({
    topics: [settings.topic], mode: 'committed', fallbackMode: 'earliest', autocommit: false
  })
  stream.on('error', wrong => { // a commit that comes too late ends the stream
    say('note', { text: String(wrong) })
    read()
  })
  stream.on('data', async message => {
    const offset = Number(message.offset)
    say('records', { records: [[message.partition, offset, message.value.toString()]] })
    const offsets = [[message.partition, offset + 1]]
    say('committing', { offsets })
    try {
      await message.commit()
      say('committed', { offsets })
    } catch (wrong) {
      say('commit_failed', { error: String(wrong) })
    }
  })
}

await read()
await leaving
revoked()
await stream.close()
await consumer.close(true)
say('left')
process.exit(0)
