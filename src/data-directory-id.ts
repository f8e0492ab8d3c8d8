import { randomUUID } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The id of a data directory, which stays the same over restarts: what a shared store has of this sidecar is told by
 * it. Only whoever has locked the directory may ask.
 */
export async function dataDirectoryId(directory: string): Promise<string> {
  const path = join(directory, 'sidecar-id')
  try {
    const id = (await readFile(path, 'utf8')).trim()
    if (id !== '') return id
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const id = randomUUID()
  await writeFile(`${path}.new`, `${id}\n`)
  await rename(`${path}.new`, path)
  return id
}
