import { setTimeout as sleep } from 'node:timers/promises'
import { countStatus, statusCounts } from './answers.ts'
import type { Trial } from './trial.ts'

/** Runs the load for a while and tells what was answered in that time alone. */
export async function answersDuring(trial: Trial, ms: number) {
  trial.client.takeAnswers()
  await sleep(ms)
  return trial.client.takeAnswers()
}

/** While a fault keeps rows from the disk: retryable refusals only, and nothing acknowledged. */
export async function expectRefusals(trial: Trial, what: string, ms: number): Promise<void> {
  const answers = await answersDuring(trial, ms)
  if (countStatus(answers, 200) > 0 || countStatus(answers, 503) === 0)
    trial.violation(`${what}: expected 503 only, got ${statusCounts(answers)}`)
}

/** After the fault: acknowledged again within the time, by the same process. */
export async function expectRecovery(trial: Trial, what: string, withinMs: number): Promise<void> {
  const startedAtMs = performance.now()
  while (performance.now() - startedAtMs < withinMs) {
    if (trial.sidecar?.exit() !== undefined) {
      trial.violation(`I5: ${what}: ended with ${JSON.stringify(trial.sidecar.exit())}`)
      return
    }
    if (countStatus(await answersDuring(trial, 200), 200) > 0) return
  }
  trial.violation(`I5: ${what}: nothing is acknowledged ${withinMs} ms after the fault is over`)
}
