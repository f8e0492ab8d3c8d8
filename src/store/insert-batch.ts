import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Transform } from 'node:stream'
import { constants, createZstdCompress } from 'node:zlib'
import type { Batch } from '../event/batch.ts'
import type { Column } from '../event/tables.ts'
import type { StoreClients } from './client.ts'
import { minFreeEngineBytes } from './engine-writes.ts'
import { quote } from './quote.ts'

/** Inserts a batch as one block under a deduplication token. Resolves when the store has answered that it is stored. */
export type InsertBatch = (batch: Batch, token: string) => Promise<void>

/**
 * @param scratchDirectory where the embedded engine reads a batch from; binary formats do not go through its
 * statement text. The files need not survive a crash: a batch is made again from the journal.
 */
export async function createInsertBatch(
  clients: StoreClients,
  scratchDirectory: string,
): Promise<InsertBatch> {
  if (clients.kind === 'server') return createServerInsert(clients)
  await rm(scratchDirectory, { recursive: true, force: true })
  await mkdir(scratchDirectory, { recursive: true })
  return createEmbeddedInsert(clients, resolve(scratchDirectory))
}

const batchIdColumn: Column = { name: 'batch_id', type: 'UUID' }

/**
 * async_insert would answer before the rows are stored; one thread keeps rows in one block, in order. Skip indexes are left
 * to the first merge of a part: they were most of the files that an insert makes, and a fifth of what it takes, while a
 * part of a few thousand rows is read whole in a millisecond.
 */
function insertSettings(token: string): string {
  return `SETTINGS async_insert = 0, insert_deduplicate = 1, insert_deduplication_token = ${quote(token)},
    deduplicate_blocks_in_dependent_materialized_views = 1, max_threads = 1, max_insert_threads = 1,
    materialize_skip_indexes_on_insert = 0`
}

function createServerInsert(clients: StoreClients): InsertBatch {
  return async (batch, token) => {
    const names = [...batch.columns, batchIdColumn].map((column) => column.name)
    const values = compress(batch.chunks)
    try {
      const result = await clients.writer.exec({
        query: `INSERT INTO ${batch.table} (${names.join(', ')}) ${insertSettings(token)} FORMAT RowBinary`,
        query_id: `${insertQueryPrefix(batch)}${randomUUID()}`,
        values,
        http_headers: { 'Content-Encoding': 'zstd' },
        clickhouse_settings: { wait_end_of_query: 1 },
      })
      // The server's verdict is known once the answer has ended.
      for await (const _chunk of result.stream);
    } finally {
      values.destroy()
    }
  }
}

/** Not by the client: it takes a stream, which has asked for the next chunk before the one before is used up. */
function compress(chunks: Iterable<Uint8Array>): Transform {
  const zstd = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } })
  const fill = async (): Promise<void> => {
    for (const chunk of chunks) {
      await new Promise<void>((resolve, reject) => {
        zstd.write(chunk, (error) => (error ? reject(error) : resolve()))
      })
    }
    zstd.end()
  }
  // Who reads it fails with it; until somebody does, nobody else may.
  zstd.on('error', () => {})
  fill().catch((error: Error) => zstd.destroy(error))
  return zstd
}

function createEmbeddedInsert(clients: StoreClients, directory: string): InsertBatch {
  return async (batch, token) => {
    const columns = [...batch.columns, batchIdColumn]
    const names = columns.map((column) => column.name).join(', ')
    const structure = columns.map((column) => `${column.name} ${fileType(column)}`).join(', ')
    const path = join(directory, `${batch.id}.rowbinary`)
    try {
      await writeFile(path, batch.chunks)
      await clients.writer.command({
        query: `INSERT INTO ${batch.table} (${names})
          SELECT ${names} FROM file(${quote(path)}, 'RowBinary', ${quote(structure)}) ${insertSettings(token)},
            min_free_disk_bytes_to_perform_insert = ${roomFor(batch)}`,
      })
      await clients.writes.confirm()
    } finally {
      await rm(path, { force: true })
    }
  }
}

/** A dictionary is made faster of a whole block than value by value while rows are read. */
function fileType({ type }: Column): string {
  return type.replaceAll('LowCardinality(String)', 'String')
}

/** Bytes that must be free before the embedded engine begins, so that a disk that fills up slowly is refused, not met. */
function roomFor(batch: Batch): number {
  return minFreeEngineBytes + 2 * batch.bytes
}

/** Tells the inserts of a batch from all other queries, so that a doubtful one can be found and ended. */
export function insertQueryPrefix(batch: Batch): string {
  return `ops-sidecar-${batch.id}-`
}
