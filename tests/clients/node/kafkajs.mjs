// kafkajs. It has gzip itself and takes the other codecs as plug-ins. It consumes in groups only: one for each run.
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import kafkajs from 'kafkajs'
import SnappyCodec from 'kafkajs-snappy'
import lz4 from 'lz4-napi'
import { main, printRecord } from './lines.mjs'

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs
const types = { none: 'None', gzip: 'GZIP', snappy: 'Snappy', lz4: 'LZ4', zstd: 'ZSTD' }

CompressionCodecs[CompressionTypes.Snappy] = SnappyCodec
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: encoder => lz4.compressFrame(encoder.buffer),
  decompress: buffer => lz4.decompressFrame(buffer)
})
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async encoder => zstdCompressSync(encoder.buffer),
  decompress: async buffer => zstdDecompressSync(buffer)
})

// Its headers are an object; one that is there more than once has an array of values.
function toObject(headers) {
  const object = {}
  for (const [name, value] of headers) (object[name.toString()] ??= []).push(value)
  return object
}

async function produce(bootstrap, topic, codec, groups) {
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.ERROR })
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  await producer.connect()
  for (const group of groups) {
    const messages = group.map(record => ({ ...record, headers: toObject(record.headers) }))
    await producer.send({ topic, compression: CompressionTypes[types[codec]], messages })
  }
  await producer.disconnect()
}

// The pairs of its headers, as printed: the values of a name stand where the name was first.
function toPairs(headers) {
  return Object.entries(headers).flatMap(([name, values]) => [values].flat().map(value => [Buffer.from(name), value]))
}

async function consume(bootstrap, count, topics) {
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.ERROR })
  const consumer = kafka.consumer({ groupId: `kafkajs-${process.pid}`, maxWaitTimeInMs: 200 })
  let left = count * topics.length
  let done, failed
  const all = new Promise((resolve, reject) => { done = resolve; failed = reject })
  const patience = setTimeout(() => failed(new Error(`${left} records are missing`)), 60_000)
  consumer.on(consumer.events.CRASH, ({ payload }) => failed(payload.error))
  await consumer.connect()
  await consumer.subscribe({ topics, fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ topic, partition, message }) => {
      printRecord(topic, partition, message.offset, message.timestamp, message.key, message.value,
        toPairs(message.headers))
      if (--left === 0) done()
    }
  })
  await all
  clearTimeout(patience)
  await consumer.disconnect()
}

await main(produce, consume)
