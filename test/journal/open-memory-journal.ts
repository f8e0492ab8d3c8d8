import { type JournalAlarm, type JournalOptions, openJournal } from '../../src/journal/journal.ts'
import { createMemoryDisk, type MemoryDisk } from './memory-file-system.ts'

export const directory = '/data/journal'
export const everything = { maxRecords: 1_000_000, maxBytes: 2 ** 40 }

export function createDisk(): MemoryDisk {
  return createMemoryDisk()
}

/** Opens a journal of small segments on the disk, with its alarms and the payloads of a read as text. */
export async function openOn(disk: MemoryDisk, options: Partial<JournalOptions> = {}) {
  const alarms: JournalAlarm[] = []
  const { journal, recovery } = await openJournal({
    directory,
    segmentBytes: 8192,
    maxBytes: 64 * 8192,
    minFreeDiskBytes: 0,
    maxRecordBytes: 2000,
    maxQueuedBytes: 1_000_000,
    fileSystem: disk.mount(),
    onAlarm: (alarm) => alarms.push(alarm),
    ...options,
  })
  return {
    journal,
    recovery,
    alarms,
    codes: () => alarms.map(({ code }) => code),
    append: (text: string) => journal.append(Buffer.from(text)),
    texts: async (after = 0) =>
      (await journal.read(after, everything)).map(({ payload }) => Buffer.from(payload).toString()),
  }
}

export function segmentPaths(disk: MemoryDisk): string[] {
  return disk.paths().filter((path) => path.endsWith('.segment'))
}

/** A journal directory with these records, each of them a commit of its own, and closed. */
export async function diskWith(
  texts: readonly string[],
  options: Partial<JournalOptions> = {},
): Promise<MemoryDisk> {
  const disk = createDisk()
  const { append, journal } = await openOn(disk, options)
  for (const text of texts) await append(text)
  await journal.close()
  return disk
}
