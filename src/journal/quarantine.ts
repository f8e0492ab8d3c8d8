import { join } from 'node:path'
import type { JournalFile, JournalFileSystem } from './file-system.ts'
import type { JournalState } from './journal-state.ts'
import { readFully } from './scan-segment.ts'
import type { Segment } from './segment.ts'

export const quarantineFolder = 'quarantine'
/** Beyond this, damage is counted and reported, but no longer copied. */
const maxQuarantineBytes = 64 * 1024 * 1024
const chunkBytes = 1024 * 1024

/** Counts, copies and reports bytes that are no record, once for each place of a segment. */
export async function quarantineDamage(
  state: JournalState,
  segment: Segment,
  file: JournalFile,
  offset: number,
  bytes: number,
): Promise<void> {
  if (segment.knownDamage.has(offset)) return
  segment.knownDamage.add(offset)
  state.counters.quarantinedFrames++
  state.counters.quarantinedBytes += bytes
  const folder = join(state.directory, quarantineFolder)
  const target = join(folder, `${segment.name}-${offset}.damaged`)
  const copied =
    state.counters.quarantinedBytes <= maxQuarantineBytes &&
    (await copyBytes(state.fileSystem, file, offset, bytes, folder, target))
  state.alarm({ code: 'bytes_quarantined', segment: segment.name, offset, bytes, copied })
}

async function copyBytes(
  fileSystem: JournalFileSystem,
  source: JournalFile,
  offset: number,
  bytes: number,
  folder: string,
  target: string,
): Promise<boolean> {
  try {
    await fileSystem.makeDirectory(folder)
    const copy = await fileSystem.open(target, 'create')
    try {
      for (let done = 0; done < bytes; done += chunkBytes) {
        const chunk = await readFully(source, offset + done, Math.min(chunkBytes, bytes - done))
        if ((await copy.write(chunk, done)) !== chunk.length) return false
      }
      await copy.datasync()
    } finally {
      await copy.close()
    }
    await fileSystem.syncDirectory(folder)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EEXIST'
  }
}
