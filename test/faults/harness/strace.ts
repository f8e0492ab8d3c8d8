import { setTimeout as sleep } from 'node:timers/promises'
import { exitOf, hasProgram, spawnChild } from './children.ts'

/** With one thread in Node's pool, `when=N` counts all its file operations: strace counts for each thread. */
export const oneThread = { UV_THREADPOOL_SIZE: '1' } as const

export async function straceMissing(): Promise<string | undefined> {
  return (await hasProgram('strace')) ? undefined : 'strace is missing'
}

/** Ends the process at the N-th call of a thread, before it is executed or after. */
export function killInjection(syscalls: string, when: number, before: boolean): string {
  return `${syscalls}:${before ? 'error=EIO:' : ''}signal=SIGKILL:when=${when}`
}

/**
 * A prefix that starts a command under an injection. The tracer is its grandchild, so that the process is the one that
 * was spawned. Without `--seccomp-bpf`, which would be faster: strace 6.1 then delivers no signal.
 */
export function underStrace(syscalls: string, injection: string): string[] {
  return [
    'strace',
    '-D',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    `trace=${syscalls}`,
    '-e',
    `inject=${injection}`,
  ]
}

/** Attaches an injection to all threads of a running process. Resolves to what detaches it. */
export async function attachStrace(
  pid: number,
  syscalls: string,
  injection: string,
  output = '/dev/null',
): Promise<() => Promise<void>> {
  const child = spawnChild(
    [
      'strace',
      '-f',
      '-q',
      '-o',
      output,
      '-e',
      `trace=${syscalls}`,
      '-e',
      `inject=${injection}`,
      '-p',
      String(pid),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let told = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    told += text
  })
  await sleep(500)
  // It also ends when the injection has ended the process already.
  if (/attach|ptrace/.test(told)) throw new Error(`strace cannot attach: ${told.trim().slice(0, 300)}`)
  return async () => {
    child.kill('SIGINT')
    await exitOf(child)
  }
}
