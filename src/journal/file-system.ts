import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, statfs, unlink } from 'node:fs/promises'

/** One open file. Positions and sizes are bytes; a call that the operating system refuses rejects with its `code`. */
export interface JournalFile {
  /** Resolves to the bytes written, which may be fewer than given: Node reports a short write as success. */
  write(bytes: Uint8Array, position: number): Promise<number>
  /** Resolves to the bytes read, 0 at the end of the file. */
  read(target: Uint8Array, position: number): Promise<number>
  datasync(): Promise<void>
  truncate(bytes: number): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}

/** What the journal needs of a file system. Tests give one that tells durable bytes from volatile ones. */
export interface JournalFileSystem {
  /** With its parents; does nothing if it exists. */
  makeDirectory(path: string): Promise<void>
  /** Names, without folders; [] if the directory does not exist. */
  list(path: string): Promise<readonly string[]>
  /** `create` refuses an existing file with EEXIST; `update` and `read` need one. */
  open(path: string, mode: 'create' | 'update' | 'read'): Promise<JournalFile>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /** Makes entries that were created, renamed or deleted in the directory durable. */
  syncDirectory(path: string): Promise<void>
  /** Bytes that an unprivileged process may still allocate. */
  freeBytes(path: string): Promise<number>
}

const flags = {
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  update: constants.O_RDWR,
  read: constants.O_RDONLY,
}

export const nodeFileSystem: JournalFileSystem = {
  makeDirectory: async (path) => void (await mkdir(path, { recursive: true, mode: 0o700 })),
  list: async (path) => {
    try {
      const entries = await readdir(path, { withFileTypes: true })
      return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return []
      throw error
    }
  },
  open: async (path, mode) => toJournalFile(await open(path, flags[mode], 0o600)),
  rename,
  unlink,
  syncDirectory: async (path) => {
    const directory = await open(path, constants.O_RDONLY)
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  },
  freeBytes: async (path) => {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  },
}

/** The `code` of a system error, `UNKNOWN` for anything else. */
export function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'UNKNOWN'
}

/** True for the codes that say that there is no room: they pass when space is freed. */
export function isOutOfSpace(code: string): boolean {
  return code === 'ENOSPC' || code === 'EDQUOT'
}

function toJournalFile(handle: FileHandle): JournalFile {
  return {
    write: async (bytes, position) => (await handle.write(bytes, 0, bytes.length, position)).bytesWritten,
    read: async (target, position) => (await handle.read(target, 0, target.length, position)).bytesRead,
    datasync: () => handle.datasync(),
    truncate: (bytes) => handle.truncate(bytes),
    size: async () => (await handle.stat()).size,
    close: () => handle.close(),
  }
}
