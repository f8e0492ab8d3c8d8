import { proxiedScenario } from '../harness/proxied-store.ts'

/** The store has committed, its answer never comes. */
export const lostAnswers = proxiedScenario({
  row: 14,
  fault: 'store commits, its answer is lost',
  mode: 'swallow',
})
