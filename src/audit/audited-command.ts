import type { Config } from '../config.ts'
import { auditLogPath, openAuditLog } from './audit-log.ts'

/** Runs a command that changes something, and notes it with what came of it. */
export async function auditedCommand<Result>(
  config: Config,
  command: string,
  details: Readonly<Record<string, unknown>>,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  const audit = openAuditLog(auditLogPath(config))
  try {
    const result = await work()
    audit.record({ action: 'command', outcome: 'succeeded', command, ...details })
    return result
  } catch (error) {
    audit.record({ action: 'command', outcome: 'failed', command, ...details })
    throw error
  } finally {
    audit.close()
  }
}
