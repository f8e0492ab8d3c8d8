import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { OpsError } from '../errors.ts'

export type AuditAction =
  /** A sidecar started or stopped; `settings` are those that differ from the defaults. */
  | 'start'
  | 'stop'
  /** A request was refused for its token. */
  | 'access_denied'
  /** A request with that scope, or one that changes something, was answered. */
  | 'export'
  | 'retry'
  | 'admin'
  | 'change'
  /** A command that changes something was run on the machine. */
  | 'command'

/** What is noted: who did what, from where, and what came of it. No value may hold a secret. */
export interface AuditEntry {
  readonly action: AuditAction
  readonly outcome: 'succeeded' | 'refused' | 'failed'
  /** Name of the token; '' where none was needed or known. */
  readonly token?: string
  /** Address that it came from; '' for the machine itself. */
  readonly client?: string
  readonly [detail: string]: unknown
}

export interface AuditLog {
  /** Appends one line. A line that cannot be written is an error in the log, never one of the caller. */
  record(entry: AuditEntry): void
  close(): void
}

export function auditLogPath(config: Pick<Config, 'auditLogFile' | 'dataDir'>): string {
  return config.auditLogFile === '' ? join(config.dataDir, 'audit.ndjson') : config.auditLogFile
}

/**
 * Opens the audit log: a file of JSON lines that is only ever appended to, readable by its owner alone. Each line is
 * written before `record` returns; several processes may write to the same file.
 * @throws OpsError `invalid_config` when the file cannot be opened.
 */
export function openAuditLog(path: string, log?: Logger): AuditLog {
  let file: number | undefined
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    file = openSync(path, 'a', 0o600)
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code
    throw new OpsError('invalid_config', `OPS_AUDIT_LOG_FILE: ${path} cannot be opened: ${why}`, { cause })
  }
  return {
    record({ action, outcome, token = '', client = '', ...details }) {
      const entry = { at: new Date().toISOString(), action, outcome, token, client, ...details }
      const line = `${JSON.stringify(entry)}\n`
      try {
        if (file === undefined) throw new Error('it is closed')
        if (writeSync(file, line) !== Buffer.byteLength(line)) throw new Error('the disk is full')
      } catch (error) {
        log?.error({ audit: entry, reason: (error as Error).message }, 'the audit log cannot be written')
        return
      }
      log?.info({ audit: entry }, 'audit')
    },
    close() {
      if (file !== undefined) closeSync(file)
      file = undefined
    },
  }
}
