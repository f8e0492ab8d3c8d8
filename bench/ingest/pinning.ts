import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** The sender and the sink share a core, what is measured has another to itself. */
export const senderCore = 0
export const measuredCore = 1

/** A command in front of another, so that all threads of it run on the core. */
export function pinnedTo(core: number): string[] {
  return ['taskset', '-c', String(core)]
}

/** Moves all threads of a process to a core, or lets them run anywhere. */
export function pinToCore(pid: number, core: number | undefined): void {
  const cores = core === undefined ? `0-${availableParallelism() - 1}` : String(core)
  const { status, stderr } = spawnSync('taskset', ['-a', '-p', '-c', cores, String(pid)], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`taskset failed: ${stderr}`)
}
