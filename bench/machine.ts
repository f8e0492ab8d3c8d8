import { execFileSync } from 'node:child_process'
import { cpus, loadavg, totalmem } from 'node:os'

/** What a figure cannot be read without: machine, versions, date, commit and what else was running. */
export function describeMachine(): string {
  const processors = cpus()
  const load = loadavg().map((value) => value.toFixed(2))
  return [
    `${new Date().toISOString().slice(0, 16)}Z`,
    `${processors[0]?.model.trim() ?? 'unknown CPU'}, ${processors.length} cores`,
    `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    `Node ${process.version}`,
    `commit ${commit()}`,
    `load average ${load.join(' ')}`,
  ].join(' · ')
}

function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    const changed =
      git('status', '--porcelain', '--', 'src', 'package-lock.json') === '' ? '' : ' with changes'
    return git('rev-parse', '--short', 'HEAD') + changed
  } catch {
    return 'unknown'
  }
}
