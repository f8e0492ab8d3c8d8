import { mkdirSync } from 'node:fs'
import { run, runOrThrow } from './children.ts'

/** Why mounts are not possible here, or undefined. */
export function mountsMissing(): string | undefined {
  if (process.platform !== 'linux') return 'mounts need Linux'
  return process.getuid?.() === 0 ? undefined : 'mounts need root'
}

type Cleanup = (undo: () => Promise<unknown>) => void

/** A tmpfs of its own at a path. */
export async function mountTmpfs(path: string, bytes: number, cleanup: Cleanup): Promise<void> {
  mkdirSync(path, { recursive: true })
  await runOrThrow(['mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'ops-sidecar-fault', path])
  cleanup(() => unmount(path))
}

/** An ext4 file system in a file. */
export async function mountExt4(image: string, path: string, bytes: number, cleanup: Cleanup): Promise<void> {
  mkdirSync(path, { recursive: true })
  await runOrThrow(['truncate', '-s', String(bytes), image])
  await runOrThrow(['mkfs.ext4', '-q', '-F', image])
  await mountImage(image, path, cleanup)
}

export async function mountImage(image: string, path: string, cleanup: Cleanup): Promise<void> {
  mkdirSync(path, { recursive: true })
  await runOrThrow(['mount', '-o', 'loop', image, path])
  cleanup(() => unmount(path))
}

/** Lazily where something still holds it: the mount must not outlive the scenario. */
export async function unmount(path: string): Promise<void> {
  if ((await run(['mountpoint', '-q', path])).code !== 0) return
  if ((await run(['umount', path])).code !== 0) await runOrThrow(['umount', '-l', path])
}
