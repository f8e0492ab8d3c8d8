import { closeSync, createReadStream, openSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createEventTally, type EventTally } from './event-tally.ts'

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
  readonly sent: EventTally
  readonly acknowledged: EventTally
  /** Attempts by their status. */
  readonly answers: ReadonlyMap<number, number>
}

/** Twice through the file, so that the events of an export need not be kept until it is answered. */
export async function readLedger(path: string): Promise<LedgerContents> {
  const acknowledgedExports = createEventTally()
  const answers = new Map<number, number>()
  for await (const [kind, exportId, rest] of entries(path)) {
    if (kind !== 'answered') continue
    const status = Number(rest)
    answers.set(status, (answers.get(status) ?? 0) + 1)
    const name = exportName(exportId)
    if (status === 200 && !acknowledgedExports.has(name)) acknowledgedExports.add(name)
  }
  const sent = createEventTally()
  const acknowledged = createEventTally()
  for await (const [kind, exportId, rest] of entries(path)) {
    if (kind !== 'sent') continue
    const isAcknowledged = acknowledgedExports.has(exportName(exportId))
    for (const id of rest.split(',')) {
      sent.add(id)
      if (isAcknowledged) acknowledged.add(id)
    }
  }
  return { sent, acknowledged, answers }
}

const exportName = (exportId: string) => `export-${exportId}`

async function* entries(
  path: string,
): AsyncGenerator<readonly [kind: string, exportId: string, rest: string]> {
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const [kind = '', exportId = '', rest = ''] = line.split(' ')
    yield [kind, exportId, rest]
  }
}
