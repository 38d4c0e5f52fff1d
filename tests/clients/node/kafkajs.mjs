// kafkajs. It has gzip itself and takes the other codecs as plug-ins. It consumes in groups only.
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import kafkajs from 'kafkajs'
import SnappyCodec from 'kafkajs-snappy'
import lz4 from 'lz4-napi'
import { main } from './lines.mjs'

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

await main(produce, () => { throw new Error('kafkajs cannot consume without a group') })
