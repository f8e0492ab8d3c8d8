import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { StoredBatch } from './stored-batches.ts'

/** Where the order of storing outlives the process. Nothing of it is needed: without it, clients get some events again. */
export interface StoredBatchesFile {
  /** What the last process wrote; undefined when there is nothing that can be gone on with. */
  read(): { readonly epoch: string; readonly batches: readonly StoredBatch[] } | undefined
  append(batch: StoredBatch): void
  replace(epoch: string, batches: Iterable<StoredBatch>): void
}

type Line = [number, string, string, number, number, number]

/** A line with the epoch, then one for each batch; written as they are stored, before any client is told of them. */
export function storedBatchesFile(path: string): StoredBatchesFile {
  const file: StoredBatchesFile = {
    read() {
      try {
        const [first = '', ...lines] = readFileSync(path, 'utf8').split('\n')
        // The last one is empty, or was cut short by the end of the process.
        lines.pop()
        const epoch: unknown = JSON.parse(first)
        if (typeof epoch !== 'string' || !/^[0-9a-f]{8}$/.test(epoch)) return undefined
        const batches = lines.map((line) => fromLine(JSON.parse(line) as Line))
        return batches.every(isBatch) ? { epoch, batches } : undefined
      } catch {
        return undefined
      }
    },
    append(batch) {
      forgetOnFailure(path, () => appendFileSync(path, `${JSON.stringify(toLine(batch))}\n`))
    },
    replace(epoch, batches) {
      const lines = [epoch, ...[...batches].map(toLine)].map((line) => `${JSON.stringify(line)}\n`)
      forgetOnFailure(path, () => {
        writeFileSync(`${path}.new`, lines.join(''))
        renameSync(`${path}.new`, path)
      })
    },
  }
  return file
}

/** A file with a batch missing would give its sequence to another one; a full disk is for delivery to report. */
function forgetOnFailure(path: string, write: () => void): void {
  try {
    write()
  } catch {
    try {
      rmSync(path, { force: true })
    } catch {
      // Its batches are told from later ones by the time of storing.
    }
  }
}

function toLine({ sequence, id, table, minCreatedAtMs, maxCreatedAtMs, storedAtMs }: StoredBatch): Line {
  return [sequence, id, table, minCreatedAtMs, maxCreatedAtMs, storedAtMs]
}

function fromLine([sequence, id, table, minCreatedAtMs, maxCreatedAtMs, storedAtMs]: Line): StoredBatch {
  return { sequence, id, table, minCreatedAtMs, maxCreatedAtMs, storedAtMs }
}

function isBatch(batch: StoredBatch, index: number, all: readonly StoredBatch[]): boolean {
  const numbers = [batch.sequence, batch.minCreatedAtMs, batch.maxCreatedAtMs, batch.storedAtMs]
  return (
    numbers.every(Number.isSafeInteger) &&
    /^[0-9a-f-]{36}$/.test(batch.id) &&
    /^\w+$/.test(batch.table) &&
    batch.sequence === (all[0]?.sequence ?? 0) + index
  )
}
