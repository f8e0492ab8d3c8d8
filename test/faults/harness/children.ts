import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

const living = new Set<ChildProcess>()

/** Spawns a process that `endChildren` ends if its own scenario does not. */
export function spawnChild(command: readonly string[], options: SpawnOptions): ChildProcess {
  const [file = '', ...args] = command
  const child = spawn(file, args, options)
  living.add(child)
  child.once('exit', () => living.delete(child))
  // A command that is not there: told by `exitOf`.
  child.once('error', () => living.delete(child))
  return child
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export function exitOf(child: ChildProcess): Promise<Exit> {
  if (child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve({ code: child.exitCode, signal: child.signalCode })
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', () => resolve({ code: 127, signal: null }))
  })
}

/** Ends every process that is still there, a stopped one too. */
export async function endChildren(): Promise<void> {
  const children = [...living]
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(children.map(exitOf))
}

/** Runs a command to its end. */
export async function run(
  command: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawnChild(command, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const { code } = await new Promise<Exit>((resolve) => {
    child.once('close', (closeCode, signal) => resolve({ code: closeCode, signal }))
    child.once('error', () => resolve({ code: 127, signal: null }))
  })
  return { code, stdout, stderr }
}

/** Runs a command that must succeed and gives its output line by line. @throws Error with what it wrote to standard error. */
export async function* linesOf(command: readonly string[], env?: NodeJS.ProcessEnv): AsyncGenerator<string> {
  const child = spawnChild(command, { env: env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const exited = exitOf(child)
  yield* createInterface({ input: child.stdout as Readable })
  const { code } = await exited
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr.trim().slice(-1500)}`)
}

/** Runs a command that must succeed. @throws Error with what it wrote to standard error. */
export async function runOrThrow(command: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> {
  const { code, stdout, stderr } = await run(command, env)
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr.trim().slice(0, 2000)}`)
  return stdout
}

/** Is there a program of this name? */
export async function hasProgram(name: string): Promise<boolean> {
  return (await run(['sh', '-c', 'command -v "$1"', 'sh', name])).code === 0
}
