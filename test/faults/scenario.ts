import type { Audit } from './harness/audit.ts'
import type { Trial, TrialOptions } from './harness/trial.ts'

/** What a scenario is given. */
export interface FaultContext {
  /** Hours instead of minutes: more cycles, longer pauses. */
  readonly long: boolean
  /** How often row 1 kills, and row 2 for each syscall, if it is to be another number. */
  readonly kills: number | undefined
  /** How long row 18 overloads, if it is to be another time. */
  readonly minutes: number | undefined
  readonly seed: number
  /** Of this scenario alone, from the seed. */
  readonly random: () => number
  /** A new directory that is removed when the scenario has ended well. */
  directory(): string
  /** Runs a trial: its store, its ledger, the fault, the comparison. */
  trial(fault: (trial: Trial) => Promise<void>, options?: Partial<TrialOptions>): Promise<Audit>
  /** Something to undo at the end, whatever happens. */
  cleanup(undo: () => Promise<unknown>): void
  /** Progress, on standard error. */
  log(text: string): void
}

export type Outcome =
  | {
      readonly status: 'ran'
      readonly runs: number
      readonly audits: readonly Audit[]
      /** Rules of this fault beyond the invariants that were broken. */
      readonly violations?: readonly string[]
    }
  | { readonly status: 'not_run'; readonly reason: string }

/** One row of the fault matrix. */
export interface Scenario {
  readonly row: number
  readonly fault: string
  /** Set where the fault hits the embedded engine, so that a server cannot take its place. */
  readonly store?: 'embedded'
  run(context: FaultContext): Promise<Outcome>
}
