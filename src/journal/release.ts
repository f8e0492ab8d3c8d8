import { join } from 'node:path'
import { errorCode } from './file-system.ts'
import type { JournalState } from './journal-state.ts'
import { quarantineFolder } from './quarantine.ts'
import type { Segment } from './segment.ts'

/**
 * Deletes segments whose records are all released, the oldest first. The newest segment always stays: its header is
 * what keeps sequences from starting again. Those that were given up are kept in quarantine. Never rejects; a file that cannot be deleted is tried again next time.
 */
export async function deleteReleased(state: JournalState): Promise<void> {
  let deleted = 0
  for (const segment of state.segments.slice(0, -1)) {
    const empty = segment.lastSequence < segment.firstSequence
    if (segment === state.active?.segment || (!empty && segment.lastSequence > state.releasedSequence))
      continue
    try {
      await (segment.givenUp ? keepInQuarantine(state, segment) : state.fileSystem.unlink(segment.path))
    } catch (error) {
      const cause = errorCode(error)
      if (cause !== 'ENOENT') {
        state.alarm({ code: 'release_failed', segment: segment.name, cause })
        break
      }
    }
    state.segments = state.segments.filter((other) => other !== segment)
    deleted++
  }
  if (deleted > 0) await state.fileSystem.syncDirectory(state.directory).catch(() => {})
}

async function keepInQuarantine({ directory, fileSystem }: JournalState, segment: Segment): Promise<void> {
  const folder = join(directory, quarantineFolder)
  await fileSystem.makeDirectory(folder)
  await fileSystem.rename(segment.path, join(folder, segment.name))
  await fileSystem.syncDirectory(folder)
}
