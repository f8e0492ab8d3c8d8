import { diag } from '@opentelemetry/api'
import { counters } from './telemetry-stats.ts'

const logger = diag.createComponentLogger({ namespace: 'ops-sidecar/gateway' })

/** Telemetry must not break the gateway: whatever `work` throws is counted, reported to `diag`, and swallowed. */
export function guarded(work: () => void): void {
  try {
    work()
  } catch (error) {
    countInternalError(error)
  }
}

export function countInternalError(error: unknown): void {
  counters.internalErrors += 1
  logger.error('an event was not recorded', error)
}
