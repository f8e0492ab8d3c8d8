import { statfs } from 'node:fs/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import { OpsError } from '../errors.ts'
import { readRows } from './read-rows.ts'
import { setShortPartsAside } from './short-parts.ts'

/**
 * Whether what the store answered to be written is written. chDB passes over every write(2) that fails (full disk, I/O
 * error, file size limit; src/IO/WriteBufferFromFileDescriptor.cpp of chdb-core), so that an insert or a merge "succeeds"
 * with files that are cut short. But it counts them. A server throws instead, and its answers are taken as they are.
 */
export interface StoreWrites {
  /** @throws OpsError `store_unavailable` unless every write of the engine up to now succeeded, or was mended since. */
  confirm(): Promise<void>
  /**
   * After failed writes: takes the tables off, sets parts that are cut short aside (`detached`), and takes the tables on
   * again. The engine goes back to the parts that a broken one was merged from, which it keeps for
   * `old_parts_lifetime`. What an insert lost is then missing, and delivery still has it. Merges wait until the disk
   * has room.
   * @throws OpsError `store_unavailable` while writes go on failing.
   */
  mend(): Promise<void>
  /** Before the schema changes. @throws OpsError `store_unavailable` while the disk has no room. */
  expectRoom(): Promise<void>
}

/** Told of each mending, with the parts that were set aside; also of those that a start sets aside. */
export type OnMended = (parts: readonly string[]) => void

export const serverWrites: StoreWrites = {
  confirm: async () => {},
  mend: async () => {},
  expectRoom: async () => {},
}

/** Bytes that must be free before the embedded engine inserts or merges. */
export const minFreeEngineBytes = 32 * 2 ** 20

const mendAttempts = 5

/** @param directory of the engine's data, which has just been opened. */
export async function createEngineWrites(
  writer: ClickHouseClient,
  directory: string,
  onMended: OnMended,
): Promise<StoreWrites> {
  /** Failed writes that have left nothing behind. The engine counts for the whole process. */
  let mended = await failedWrites()
  /** Tables that were taken off and not on again, with their directories. */
  const off = new Map<string, string>()
  let mergesStopped = false
  let mending: Promise<void> | undefined

  async function failedWrites(): Promise<number> {
    const [row] = await readRows<[string | number]>(
      writer,
      `SELECT value FROM system.events WHERE event = 'WriteBufferFromFileDescriptorWriteFailed'`,
    )
    return Number(row?.[0] ?? 0)
  }

  async function names(query: string): Promise<string[]> {
    return (await readRows<[string]>(writer, query)).map(([name]) => name)
  }

  const setAside = () =>
    names(`SELECT concat(table, ' ', name) FROM system.detached_parts WHERE database = currentDatabase()`)

  async function takeOffAndOn(): Promise<void> {
    const tables = new Map(
      await readRows<[string, string]>(
        writer,
        `SELECT name, data_paths[1] FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'`,
      ),
    )
    for (const [table, path] of new Map([...off, ...tables])) {
      // SYNC: a query that still reads the table would keep it from coming back.
      if (!off.has(table)) await writer.command({ query: `DETACH TABLE ${table} SYNC` })
      off.set(table, path)
      await setShortPartsAside(path)
      await writer.command({ query: `ATTACH TABLE ${table}` })
      // A table that is taken on merges again, and on a full disk makes the next broken part.
      await writer.command({ query: `SYSTEM STOP MERGES ${table}` })
      off.delete(table)
      mergesStopped = true
    }
    // A part that is merged again has the name of the one that was set aside.
    for (const cache of ['MARK CACHE', 'INDEX MARK CACHE', 'QUERY CONDITION CACHE'])
      await writer.command({ query: `SYSTEM DROP ${cache}` })
  }

  async function hasRoom(): Promise<boolean> {
    const { bavail, bsize } = await statfs(directory)
    return bavail * bsize >= minFreeEngineBytes
  }

  async function startMerges(): Promise<void> {
    if (!mergesStopped || !(await hasRoom())) return
    await writer.command({ query: 'SYSTEM START MERGES' })
    mergesStopped = false
  }

  async function mend(): Promise<void> {
    let failed = await failedWrites()
    if (failed === mended && off.size === 0) return startMerges()
    const before = new Set(await setAside())
    for (let attempt = 0; attempt < mendAttempts; attempt++) {
      await takeOffAndOn()
      const now = await failedWrites()
      if (now === failed) {
        mended = failed
        onMended((await setAside()).filter((part) => !before.has(part)))
        return startMerges()
      }
      failed = now
    }
    throw unavailable('writes of the embedded engine go on failing')
  }

  return {
    async confirm() {
      const failed = (await failedWrites()) - mended
      if (failed > 0 || off.size > 0)
        throw unavailable(`${failed} writes of the embedded engine failed: is the disk full?`)
    },
    mend() {
      mending ??= mend().finally(() => {
        mending = undefined
      })
      return mending
    },
    async expectRoom() {
      if (!(await hasRoom()))
        throw unavailable(`the disk has less than ${minFreeEngineBytes / 2 ** 20} MiB free`)
    },
  }
}

function unavailable(message: string): OpsError {
  return new OpsError('store_unavailable', message)
}
