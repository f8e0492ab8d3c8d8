import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

/** What the client knows, on disk before it acts: the judge of what must be stored. */
export interface Ledger {
  readonly path: string
  /** Before an export is sent for the first time. */
  sent(exportId: number, requestIds: readonly string[]): void
  /** The answer to one attempt: its status, or 0 for none. */
  answered(exportId: number, status: number): void
  close(): void
}

export function openLedger(path: string): Ledger {
  const file = openSync(path, 'a')
  return {
    path,
    sent: (exportId, requestIds) => void writeSync(file, `sent ${exportId} ${requestIds.join(',')}\n`),
    answered: (exportId, status) => void writeSync(file, `answered ${exportId} ${status}\n`),
    close: () => closeSync(file),
  }
}

export interface LedgerContents {
  readonly sent: ReadonlySet<string>
  readonly acknowledged: ReadonlySet<string>
  /** Attempts by their status. */
  readonly answers: ReadonlyMap<number, number>
}

export function readLedger(path: string): LedgerContents {
  const byExport = new Map<string, readonly string[]>()
  const sent = new Set<string>()
  const acknowledged = new Set<string>()
  const answers = new Map<number, number>()
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [kind, exportId = '', rest = ''] = line.split(' ')
    if (kind === 'sent') {
      const ids = rest.split(',')
      byExport.set(exportId, ids)
      for (const id of ids) sent.add(id)
    } else if (kind === 'answered') {
      const status = Number(rest)
      answers.set(status, (answers.get(status) ?? 0) + 1)
      if (status === 200) for (const id of byExport.get(exportId) ?? []) acknowledged.add(id)
    }
  }
  return { sent, acknowledged, answers }
}
