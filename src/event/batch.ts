import type { Column } from './tables.ts'

/** Rows that are inserted together: bytes, order and columns stay the same however often it is tried. */
export interface Batch {
  /** UUID text; the value of `batch_id` in all its rows. */
  readonly id: string
  readonly table: string
  /** Of the rows' bytes, `batch_id` excluded; it follows each row's columns. */
  readonly columns: readonly Column[]
  readonly rowCount: number
  /** Creation times of its rows (Unix ms), both inclusive: bounds for reading it back. */
  readonly minCreatedAtMs: number
  readonly maxCreatedAtMs: number
  /** Of all rows, `batch_id` included. */
  readonly bytes: number
  /** RowBinary of all rows, `batch_id` included, in pieces, each good until the next one is asked for. */
  readonly chunks: Iterable<Uint8Array>
}
