import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { OpsError } from '../errors.ts'

/** One batch of a frozen cycle; its rows follow from the journal and the cycle's bounds. */
export interface FrozenBatch {
  readonly id: string
  readonly rowCount: number
}

/**
 * Journal records (`after`, `upTo`] as they were cut into batches before the first of them was sent. Made again from
 * the journal after a restart, they are the same bytes under the same ids.
 */
export interface FrozenCycle {
  readonly after: number
  readonly upTo: number
  readonly maxRows: number
  readonly maxBytes: number
  /** Positions, among the cycle's rows, of those that the store had already. */
  readonly excluded: readonly number[]
  readonly batches: readonly FrozenBatch[]
}

/** How far delivery has come: everything up to `delivered` is stored, `frozen` may be stored in part. */
export interface Checkpoint {
  readonly version: 1
  readonly delivered: number
  readonly frozen: FrozenCycle | null
}

/**
 * Reads the checkpoint; undefined when there is none.
 * @throws OpsError `journal_unknown_version` for a file that is no checkpoint of a known version: it is never
 * overwritten.
 */
export async function readCheckpoint(path: string): Promise<Checkpoint | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const value = parse(text)
  if (isCheckpoint(value)) return value
  throw new OpsError(
    'journal_unknown_version',
    `${path} is not a delivery checkpoint that this version knows`,
  )
}

/** Replaces the checkpoint; durable when it resolves. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const directory = dirname(path)
  await mkdir(directory, { recursive: true })
  const next = join(directory, 'checkpoint.next')
  const file = await open(next, 'w')
  try {
    await file.writeFile(JSON.stringify(checkpoint))
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(next, path)
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isCheckpoint(value: unknown): value is Checkpoint {
  const checkpoint = value as Checkpoint | null | undefined
  if (checkpoint?.version !== 1 || !Number.isSafeInteger(checkpoint.delivered)) return false
  const { frozen } = checkpoint
  return (
    frozen === null ||
    (Number.isSafeInteger(frozen.upTo) && Array.isArray(frozen.batches) && Array.isArray(frozen.excluded))
  )
}
