import { proxiedScenario } from '../harness/proxied-store.ts'

/** The store gets an insert only after the sidecar has given it up. */
export const lateCommits = proxiedScenario({
  row: 15,
  fault: 'store commits after the timeout',
  mode: 'delay',
})
