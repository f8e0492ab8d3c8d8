import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const lockName = 'directory.lock'
const ownerName = 'directory.owner.json'
/** https://www.sqlite.org/rescode.html#busy */
const sqliteBusy = 5

export interface LockOwner {
  readonly pid: number
  /** ISO 8601, UTC. */
  readonly startedAt: string
}

export type DirectoryLock =
  | { readonly status: 'locked'; release(): void }
  /** Another process has it. `owner` is what that process wrote about itself, undefined if it could not be read. */
  | { readonly status: 'held'; readonly owner: LockOwner | undefined }

/**
 * Locks the directory, which is created if need be, for this process. The operating system lets go of the lock when
 * the process ends, however it ends: Node has no flock, but SQLite takes such a lock for an exclusive transaction.
 * Throws for a directory that cannot be written to. Not reliable on NFS.
 *
 * Who holds the lock is in a file of its own: POSIX drops a process's locks on a file when it closes any descriptor
 * of that file, so nothing but SQLite may open the lock file.
 */
export async function lockDirectory(path: string): Promise<DirectoryLock> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  const ownerPath = join(path, ownerName)
  const database = new DatabaseSync(join(path, lockName), { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (!isBusy(error)) throw error
    return { status: 'held', owner: await readOwner(ownerPath) }
  }
  const owner: LockOwner = { pid: process.pid, startedAt: new Date().toISOString() }
  // It only serves the message of a second process: without it, the lock is as good.
  await writeFile(ownerPath, `${JSON.stringify(owner)}\n`, { mode: 0o600 }).catch(() => {})
  return {
    status: 'locked',
    release: () => {
      if (database.isOpen) database.close()
    },
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy
}

async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    const owner: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (typeof owner !== 'object' || owner === null || !('pid' in owner) || !('startedAt' in owner))
      return undefined
    const { pid, startedAt } = owner
    return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : undefined
  } catch {
    return undefined
  }
}
