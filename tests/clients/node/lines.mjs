// Corpus lines in, record lines out; tests/clients/run says what they mean.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

const unhex = text => (text === '-' ? null : Buffer.from(text, 'hex'))
const enhex = data => (data === null || data === undefined ? '-' : data.toString('hex'))

// The corpus in groups: each is to be delivered before the next.
export function readGroups(path) {
  const groups = [[]]
  for (const line of readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
    const [flush, partition, timestamp, key, value, headers] = line.split('\t')
    groups.at(-1).push({
      partition: Number(partition),
      timestamp: timestamp === '-' ? undefined : timestamp,
      key: unhex(key),
      value: unhex(value),
      headers: headers === '' ? [] : headers.split(',').map(pair => {
        const [name, data] = pair.split(':')
        return [Buffer.from(name, 'hex'), unhex(data)]
      })
    })
    if (flush === 'flush') groups.push([])
  }
  return groups.filter(group => group.length > 0)
}

export function printRecord(topic, partition, offset, timestamp, key, value, headers) {
  const digest = value === null || value === undefined ? '-' : createHash('sha256').update(value).digest('hex')
  const pairs = headers.map(([name, data]) => `${enhex(name)}:${enhex(data)}`).join(',')
  process.stdout.write([topic, partition, offset, timestamp, enhex(key), digest, pairs].join('\t') + '\n')
}

export async function main(produce, consume) {
  const [what, bootstrap, ...rest] = process.argv.slice(2)
  if (what === 'produce') {
    const [topic, codec, corpus] = rest
    await produce(bootstrap, topic, codec, readGroups(corpus))
  } else {
    await consume(bootstrap, Number(rest[0]), rest.slice(1))
  }
}
