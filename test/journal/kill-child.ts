import { openJournal } from '../../src/journal/journal.ts'

/*
 * Appends records without end and prints the number of each that is durable. Arguments: directory, first number.
 * A record is its number and a filler whose length the number determines.
 */
const directory = process.argv[2] ?? ''
let next = Number(process.argv[3])

const { journal } = await openJournal({
  directory,
  segmentBytes: 256 * 1024,
  maxBytes: 512 * 1024 * 1024,
  minFreeDiskBytes: 0,
  maxRecordBytes: 64 * 1024,
  maxQueuedBytes: 4 * 1024 * 1024,
})
process.stdout.write('ready\n')

async function appendWithoutEnd(): Promise<void> {
  while (true) {
    const number = next++
    const result = await journal.append(Buffer.from(`${number}:`.padEnd((number * 7919) % 6000, '.')))
    process.stdout.write(
      result.status === 'durable' ? `${number} ${result.sequence}\n` : `${result.reason}\n`,
    )
  }
}
await Promise.all(Array.from({ length: 8 }, appendWithoutEnd))
