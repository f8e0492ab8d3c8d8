import { open, statfs } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { OpsError } from '../errors.ts'

export interface FileWriting {
  /** Settles when the writer has ended. */
  readonly written: Promise<void>
  /** Ends the writer. */
  stop(reason: Error): void
  /** The writer is ended when less than this is left on the file's disk. */
  readonly minFreeBytes: number
}

const pollMs = 50
const readBytes = 256 * 1024

/**
 * The bytes of a file while it is being written, from its start to its end: the reader neither waits for the whole file
 * nor holds more than a piece of it.
 * @throws what the writer failed with; OpsError `overloaded` when the disk is nearly full.
 */
export async function* followFile(path: string, writing: FileWriting): AsyncGenerator<Buffer> {
  let ended = false
  const written = writing.written.finally(() => {
    ended = true
  })
  // It is awaited once everything written before is read.
  written.catch(() => {})
  await untilThere(path, written, () => ended)
  const file = await open(path, 'r')
  try {
    for (let position = 0; ; ) {
      // Asked before reading: what is written until the end is read in any case.
      const last = ended
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(readBytes), 0, readBytes, position)
      position += bytesRead
      if (bytesRead > 0) {
        yield buffer.subarray(0, bytesRead)
        continue
      }
      if (last) return await written
      await checkFreeSpace(path, writing)
      await sleep(pollMs)
    }
  } finally {
    await file.close()
  }
}

async function untilThere(path: string, written: Promise<void>, ended: () => boolean): Promise<void> {
  for (;;) {
    const last = ended()
    try {
      await (await open(path, 'r')).close()
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    // A writer that failed says why; one that ended well has made the file.
    if (last) await written
    await sleep(pollMs)
  }
}

async function checkFreeSpace(path: string, { stop, minFreeBytes }: FileWriting): Promise<void> {
  const { bavail, bsize } = await statfs(path)
  if (bavail * bsize >= minFreeBytes) return
  const full = new OpsError('overloaded', 'too little disk space is left for the file')
  stop(full)
  throw full
}
