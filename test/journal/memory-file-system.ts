import { basename, dirname } from 'node:path'
import type { JournalFile, JournalFileSystem } from '../../src/journal/file-system.ts'

const sectorBytes = 512

export type Fault = 'short' | 'EIO' | 'ENOSPC'

interface Inode {
  live: Buffer
  durable: Buffer
  /** Sectors that the next sync makes durable. */
  dirty: Set<number>
  /** Sectors whose sync failed: clean for the system, not durable, as on Linux. */
  forgotten: Set<number>
}

type EntryChange =
  | { kind: 'set'; path: string; inode: Inode }
  | { kind: 'rename'; from: string; to: string; inode: Inode }
  | { kind: 'delete'; path: string }

/**
 * A disk in memory that tells what is durable from what is not, down to sectors and directory entries. Each call
 * takes effect after, and answers after, some turns of the event loop drawn from `random`, so calls overlap and
 * complete in any order. After a crash the calls of the old process never answer.
 */
export interface MemoryDisk {
  /** For the process that runs now; a crash ends it, and the next one asks again. */
  mount(): JournalFileSystem
  /** `kill` ends the process, `power` also loses what is not durable, or part of it, as `random` says. */
  crash(kind: 'kill' | 'power'): void
  /** Crashes in the middle of the n-th call from now. */
  crashAfter(calls: number, kind: 'kill' | 'power', onCrash: () => void): void
  failWrites(...faults: Fault[]): void
  failSyncs(count: number): void
  /** The next reads of files are refused with EIO. */
  failReads(count: number): void
  clearFaults(): void
  capacityBytes: number
  usedBytes(): number
  calls: Record<string, number>
  paths(): string[]
  /** The bytes as a read sees them; may be changed in place: the change is durable. */
  edit(path: string, change: (bytes: Buffer) => Buffer): void
  content(path: string): Buffer
  put(path: string, bytes: Buffer): void
}

export function createMemoryDisk(random: () => number = () => 0, capacityBytes = 2 ** 40): MemoryDisk {
  let live = new Map<string, Inode>()
  const durable = new Map<string, Inode>()
  let changes: EntryChange[] = []
  let epoch = 0
  let countdown: { calls: number; kind: 'kill' | 'power'; onCrash: () => void } | undefined
  let writeFaults: Fault[] = []
  let syncFaults = 0
  let readFaults = 0
  const directories = new Set<string>()

  const disk: MemoryDisk = {
    capacityBytes,
    usedBytes,
    calls: {},
    mount: () => fileSystemOf(epoch),
    crash,
    crashAfter: (calls, kind, onCrash) => {
      countdown = { calls, kind, onCrash }
    },
    failWrites: (...faults) => writeFaults.push(...faults),
    failSyncs: (count) => {
      syncFaults += count
    },
    failReads: (count) => {
      readFaults = count
    },
    clearFaults: () => {
      writeFaults = []
      syncFaults = 0
      readFaults = 0
    },
    paths: () => [...live.keys()].sort(),
    content: (path) => Buffer.from(inodeAt(path).live),
    edit(path, change) {
      const inode = inodeAt(path)
      inode.live = change(Buffer.from(inode.live))
      inode.durable = Buffer.from(inode.live)
      inode.dirty.clear()
    },
    put(path, bytes) {
      const inode = {
        live: bytes,
        durable: Buffer.from(bytes),
        dirty: new Set<number>(),
        forgotten: new Set<number>(),
      }
      live.set(path, inode)
      durable.set(path, inode)
    },
  }
  return disk

  function crash(kind: 'kill' | 'power') {
    epoch++
    countdown = undefined
    if (kind === 'kill') return
    for (const change of changes) if (random() < 0.5) applyChange(durable, change)
    for (const inode of new Set([...live.values(), ...durable.values()])) loseVolatile(inode, random)
    changes = []
    live = new Map(durable)
  }

  function inodeAt(path: string): Inode {
    const inode = live.get(path)
    if (inode === undefined) throw systemError('ENOENT')
    return inode
  }

  async function call<Result>(of: number, name: string, act: () => Result): Promise<Result> {
    await turns(random)
    if (of !== epoch) return never()
    disk.calls[name] = (disk.calls[name] ?? 0) + 1
    let outcome: { result: Result } | { error: unknown }
    try {
      outcome = { result: act() }
    } catch (error) {
      outcome = { error }
    }
    if (countdown !== undefined && --countdown.calls <= 0) {
      const { kind, onCrash } = countdown
      crash(kind)
      onCrash()
    }
    await turns(random)
    if (of !== epoch) return never()
    if ('error' in outcome) throw outcome.error
    return outcome.result
  }

  function usedBytes(): number {
    let used = 0
    for (const inode of live.values()) used += inode.live.length
    return used
  }

  function writeTo(inode: Inode, bytes: Buffer, position: number): number {
    const fault = writeFaults.shift()
    let count = bytes.length
    if (fault !== undefined) count = Math.floor(random() * bytes.length)
    const growth = Math.max(0, position + count - inode.live.length)
    const room = disk.capacityBytes - usedBytes()
    if (growth > room) count = Math.max(0, count - (growth - Math.max(0, room)))
    if (position + count > inode.live.length) {
      inode.live = Buffer.concat([inode.live, Buffer.alloc(position + count - inode.live.length)])
    }
    bytes.copy(inode.live, position, 0, count)
    for (let sector = Math.floor(position / sectorBytes); sector * sectorBytes < position + count; sector++) {
      inode.dirty.add(sector)
    }
    if (fault === 'EIO' || fault === 'ENOSPC') throw systemError(fault)
    if (count === 0 && bytes.length > 0 && fault === undefined) throw systemError('ENOSPC')
    return count
  }

  function fileOf(of: number, inode: Inode): JournalFile {
    return {
      write: (bytes, position) => {
        const copy = Buffer.from(bytes)
        return call(of, 'write', () => writeTo(inode, copy, position))
      },
      read: (target, position) =>
        call(of, 'read', () => {
          if (readFaults > 0) {
            readFaults--
            throw systemError('EIO')
          }
          return inode.live.copy(target, 0, position, position + target.length)
        }),
      datasync: () =>
        call(of, 'datasync', () => {
          if (syncFaults > 0) {
            syncFaults--
            for (const sector of inode.dirty) inode.forgotten.add(sector)
            inode.dirty.clear()
            throw systemError('EIO')
          }
          makeDurable(inode)
        }),
      truncate: (bytes) =>
        call(of, 'truncate', () => {
          inode.live = Buffer.concat([
            inode.live.subarray(0, bytes),
            Buffer.alloc(Math.max(0, bytes - inode.live.length)),
          ])
        }),
      size: () => call(of, 'size', () => inode.live.length),
      close: () => call(of, 'close', () => {}),
    }
  }

  function fileSystemOf(of: number): JournalFileSystem {
    return {
      makeDirectory: (path) => call(of, 'makeDirectory', () => void directories.add(path)),
      // In no useful order, as readdir: the newest first.
      list: (path) =>
        call(of, 'list', () => {
          const here = [...live.keys()].filter((file) => dirname(file) === path)
          return here.map((file) => basename(file)).reverse()
        }),
      open: async (path, mode) => {
        const inode = await call(of, 'open', () => {
          if (mode !== 'create') return inodeAt(path)
          if (live.has(path)) throw systemError('EEXIST')
          const created = emptyInode()
          live.set(path, created)
          changes.push({ kind: 'set', path, inode: created })
          return created
        })
        return fileOf(of, inode)
      },
      rename: (from, to) =>
        call(of, 'rename', () => {
          const change: EntryChange = { kind: 'rename', from, to, inode: inodeAt(from) }
          applyChange(live, change)
          changes.push(change)
        }),
      unlink: (path) =>
        call(of, 'unlink', () => {
          inodeAt(path)
          live.delete(path)
          changes.push({ kind: 'delete', path })
        }),
      syncDirectory: (path) =>
        call(of, 'syncDirectory', () => {
          if (syncFaults > 0) {
            syncFaults--
            throw systemError('EIO')
          }
          const here = (change: EntryChange) =>
            dirname(change.kind === 'rename' ? change.to : change.path) === path
          for (const change of changes) if (here(change)) applyChange(durable, change)
          changes = changes.filter((change) => !here(change))
        }),
      freeBytes: () => call(of, 'freeBytes', () => Math.max(0, disk.capacityBytes - usedBytes())),
    }
  }
}

function emptyInode(): Inode {
  return { live: Buffer.alloc(0), durable: Buffer.alloc(0), dirty: new Set(), forgotten: new Set() }
}

function applyChange(entries: Map<string, Inode>, change: EntryChange): void {
  if (change.kind === 'set') entries.set(change.path, change.inode)
  if (change.kind === 'delete') entries.delete(change.path)
  if (change.kind === 'rename') {
    entries.delete(change.from)
    entries.set(change.to, change.inode)
  }
}

/** Persists dirty sectors and the size; sectors whose sync failed earlier stay as the disk has them. */
function makeDurable(inode: Inode): void {
  const next = Buffer.from(inode.live)
  for (const sector of inode.forgotten) {
    if (!inode.dirty.has(sector)) restore(next, inode.durable, sector)
  }
  for (const sector of inode.dirty) inode.forgotten.delete(sector)
  inode.durable = next
  inode.dirty.clear()
}

/** Power loss: of each sector that is not durable the old bytes, the new ones, or a mixture are left. */
function loseVolatile(inode: Inode, random: () => number): void {
  const keepSize = random() < 0.5
  const next = keepSize ? Buffer.from(inode.live) : Buffer.alloc(inode.durable.length)
  if (!keepSize) inode.live.copy(next)
  for (const sector of new Set([...inode.dirty, ...inode.forgotten])) {
    const fate = random()
    if (fate < 0.4) restore(next, inode.durable, sector)
    else if (fate < 0.6) restore(next, inode.durable, sector, Math.floor(random() * sectorBytes))
  }
  inode.live = next
  inode.durable = Buffer.from(next)
  inode.dirty.clear()
  inode.forgotten.clear()
}

function restore(target: Buffer, old: Buffer, sector: number, from = 0): void {
  const start = sector * sectorBytes + from
  const end = Math.min(target.length, (sector + 1) * sectorBytes)
  if (start >= end) return
  target.fill(0, start, end)
  if (start < old.length) old.copy(target, start, start, end)
}

export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code })
}

async function turns(random: () => number): Promise<void> {
  for (let count = Math.floor(random() * 3); count > 0; count--) await new Promise(setImmediate)
}

function never<Result>(): Promise<Result> {
  return new Promise(() => {})
}
