// What a member of a group says on stdout and hears on stdin; tests/clients/groups.py has the words.
import { writeSync } from 'node:fs'

export const settings = JSON.parse(process.argv[2])

// "leave", or the end of whoever would say it.
export const leaving = new Promise(resolve => {
  process.stdin.once('data', resolve)
  process.stdin.once('end', resolve)
})

// At once: a promise of a write would be kept by the next turn of the loop.
export function say(event, fields = {}) {
  const t = process.hrtime.bigint() // CLOCK_MONOTONIC; as a string it would not be a number
  let line = Buffer.from(`{"t":${t},"event":"${event}",${JSON.stringify(fields).slice(1)}\n`.replace(',}', '}'))
  while (line.length > 0) {
    try {
      line = line.subarray(writeSync(1, line))
    } catch (wrong) {
      if (wrong.code !== 'EAGAIN') throw wrong
    }
  }
}
