import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockDirectory } from '../../src/journal/directory-lock.ts'

let directory = ''
const children: ChildProcess[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ops-lock-'))
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(directory, { recursive: true, force: true })
})

const program = `
  import { lockDirectory } from ${JSON.stringify(join(import.meta.dirname, '../../src/journal/directory-lock.ts'))}
  const lock = await lockDirectory(process.argv[1])
  process.stdout.write(lock.status + '\\n')
  setInterval(() => {}, 1000)
`

async function lockInChild(): Promise<{ child: ChildProcess; status: string; stderr: () => string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, directory])
  children.push(child)
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const [chunk]: Buffer[] = await once(child.stdout, 'data')
  return { child, status: String(chunk).trim(), stderr: () => errors }
}

describe('the lock of a directory', () => {
  it('is held by one process, and tells the next one which', async () => {
    const { child, status, stderr } = await lockInChild()
    expect(status).toBe('locked')
    expect(stderr()).toBe('')
    const second = await lockDirectory(directory)
    expect(second).toMatchObject({ status: 'held', owner: { pid: child.pid } })
  })

  it('is free again after kill -9', async () => {
    const { child } = await lockInChild()
    child.kill('SIGKILL')
    await once(child, 'exit')
    const lock = await lockDirectory(directory)
    expect(lock.status).toBe('locked')
    expect((await lockInChild()).status).toBe('held')
  })

  it('is free again after release, which may be called twice', async () => {
    const lock = await lockDirectory(directory)
    if (lock.status !== 'locked') throw new Error('held')
    expect(await lockDirectory(directory)).toMatchObject({ status: 'held', owner: { pid: process.pid } })
    lock.release()
    lock.release()
    expect((await lockInChild()).status).toBe('locked')
  })

  it('throws for a directory that cannot be', async () => {
    await writeFile(join(directory, 'file'), '')
    await expect(lockDirectory(join(directory, 'file', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  })
})
