import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '../journal/seeded-random.ts'
import type { Audit } from './harness/audit.ts'
import { givenServerUrl, openServer, serverEnv } from './harness/server.ts'
import { createTrial, type Trial, type TrialOptions } from './harness/trial.ts'
import type { FaultContext, Scenario } from './scenario.ts'

export interface Row {
  readonly row: number
  readonly fault: string
  readonly runs: number
  readonly acknowledged: number
  readonly stored: number
  readonly lost: number
  readonly doubled: number
  readonly verdict: 'pass' | 'violated' | 'not run'
  /** Why it was not run, or what was violated. */
  readonly remarks: readonly string[]
  readonly elapsedMs: number
}

export interface RunSettings {
  readonly long: boolean
  readonly kills?: number
  readonly minutes?: number
  readonly seed: number
  readonly keep: boolean
  readonly log: (text: string) => void
}

/** Runs one row of the matrix and undoes what it did to the machine. Never rejects. */
export async function runScenario(scenario: Scenario, settings: RunSettings): Promise<Row> {
  const startedAtMs = performance.now()
  const directories: string[] = []
  const undo: (() => Promise<unknown>)[] = []
  const random = seededRandom(settings.seed * 1000 + scenario.row)
  const directory = () => {
    const path = mkdtempSync(join(tmpdir(), `ops-sidecar-fault-${scenario.row}-`))
    directories.push(path)
    return path
  }
  const context: FaultContext = {
    long: settings.long,
    kills: settings.kills,
    minutes: settings.minutes,
    seed: settings.seed,
    random,
    directory,
    trial: async (fault, options) => {
      const env = { ...(await storeEnv(scenario, context, options)), ...options?.env }
      return runTrial(fault, { directory: directory(), random, ...options, env })
    },
    cleanup: (work) => void undo.push(work),
    log: (text) => settings.log(`  ${scenario.row}: ${text}`),
  }
  let row: Omit<Row, 'elapsedMs'>
  try {
    row = await outcomeRow(scenario, context)
  } catch (error) {
    row = emptyRow(scenario, 'violated', [error instanceof Error ? error.message : String(error)])
  }
  for (const work of undo.toReversed()) await work().catch((error: unknown) => settings.log(String(error)))
  const kept = row.verdict === 'violated' && settings.keep
  for (const path of kept ? [] : directories) rmSync(path, { recursive: true, force: true })
  if (kept) settings.log(`  kept: ${directories.join(' ')}`)
  return { ...row, elapsedMs: performance.now() - startedAtMs }
}

/** A server that is given takes the rows of every trial, unless the trial has chosen its store, or breaks the embedded one. */
async function storeEnv(
  scenario: Scenario,
  context: FaultContext,
  options: Partial<TrialOptions> | undefined,
): Promise<Readonly<Record<string, string>>> {
  const chosen = options?.env?.OPS_CLICKHOUSE_URL !== undefined
  if (givenServerUrl() === undefined || chosen || scenario.store === 'embedded') return {}
  const server = await openServer(context, scenario.row)
  return serverEnv(server, server.url, 30_000)
}

async function outcomeRow(scenario: Scenario, context: FaultContext): Promise<Omit<Row, 'elapsedMs'>> {
  const outcome = await scenario.run(context)
  if (outcome.status === 'not_run') return emptyRow(scenario, 'not run', [outcome.reason])
  const violations = [...(outcome.violations ?? []), ...outcome.audits.flatMap((audit) => audit.violations)]
  const total = (of: (tally: Audit['tally']) => number) =>
    outcome.audits.reduce((sum, audit) => sum + of(audit.tally), 0)
  return {
    row: scenario.row,
    fault: scenario.fault,
    runs: outcome.runs,
    acknowledged: total((tally) => tally.acknowledged),
    stored: total((tally) => tally.stored),
    lost: total((tally) => tally.lost),
    doubled: total((tally) => tally.doubled),
    verdict: violations.length === 0 ? 'pass' : 'violated',
    remarks: violations,
  }
}

function emptyRow(scenario: Scenario, verdict: Row['verdict'], remarks: string[]): Omit<Row, 'elapsedMs'> {
  const { row, fault } = scenario
  return { row, fault, runs: 0, acknowledged: 0, stored: 0, lost: 0, doubled: 0, verdict, remarks }
}

async function runTrial(fault: (trial: Trial) => Promise<void>, options: TrialOptions): Promise<Audit> {
  const trial = createTrial(options)
  try {
    await fault(trial)
  } catch (error) {
    trial.violation(`the scenario broke off: ${error instanceof Error ? error.message : String(error)}`)
  }
  return trial.finish()
}
