import { randomUUID } from 'node:crypto'
import { createAppendRow, type RecordColumn } from './append-row.ts'
import type { StoreClients } from './client.ts'
import { syncReplicas } from './cluster.ts'

/** What people can say of a group of similar errors; `open` takes back what was said before. */
export const groupDecisions = ['open', 'resolved', 'muted'] as const

/** One decision about a group. Times are Unix ms, `muted_until` 0 = not muted. */
export interface GroupChange {
  /** 16 hex digits. */
  readonly fingerprint: string
  readonly changed_at: number
  readonly state: (typeof groupDecisions)[number]
  readonly muted_until: number
  /** The name of the token; '' where the API has no tokens. */
  readonly changed_by: string
  readonly reason: string
}

/** Adds a decision to the history of its group; it holds from then on. @throws OpsError as a query does. */
export type ChangeGroup = (change: GroupChange) => Promise<void>

type ChangeRow = GroupChange & { readonly id: string }

/** In the order of the table. */
export const groupStateColumns: readonly RecordColumn<ChangeRow>[] = [
  { name: 'fingerprint', type: 'UInt64' },
  { name: 'changed_at', type: 'time' },
  { name: 'id', type: 'UUID' },
  { name: 'state', type: 'String' },
  { name: 'muted_until', type: 'time' },
  { name: 'changed_by', type: 'String' },
  { name: 'reason', type: 'String' },
]

export function createChangeGroup(clients: StoreClients): ChangeGroup {
  const append = createAppendRow<ChangeRow>(clients, 'ops_error_group_states', groupStateColumns)
  return async (change) => {
    await append({ ...change, id: randomUUID(), fingerprint: BigInt(`0x${change.fingerprint}`).toString() })
    await syncReplicas(clients.writer, clients.cluster, ['ops_error_group_states'])
  }
}
