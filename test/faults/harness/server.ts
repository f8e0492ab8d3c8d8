import { join } from 'node:path'
import { createClient } from '@clickhouse/client'
import type { FaultContext } from '../scenario.ts'
import { type StandInServer, startStandInServer } from './stand-in-server.ts'

export interface Server {
  readonly url: string
  /** Of this scenario alone. */
  readonly database: string
  /** Undefined for the server of OPS_CLICKHOUSE_URL, which is not ours to stop. */
  readonly standIn: StandInServer | undefined
  /** Runs a statement in the database. */
  command(query: string): Promise<void>
}

/** The ClickHouse server that the run is to use, if one is given. */
export function givenServerUrl(): string | undefined {
  return process.env.OPS_CLICKHOUSE_URL || undefined
}

/** The ClickHouse server of OPS_CLICKHOUSE_URL, in a database of its own, else the stand-in in a process of its own. */
export async function openServer(
  { cleanup, directory, seed, log }: FaultContext,
  row: number,
): Promise<Server> {
  const given = givenServerUrl()
  const standIn = given ? undefined : await startStandInServer(join(directory(), 'server'))
  const url = given ?? standIn?.url ?? ''
  if (standIn) cleanup(() => standIn.kill())
  log(standIn ? 'against the embedded engine behind HTTP' : `against ${url}`)
  const database = `ops_fault_${row}_${seed}_${Date.now()}`
  const credentials = {
    url,
    username: process.env.OPS_CLICKHOUSE_USER ?? 'default',
    password: process.env.OPS_CLICKHOUSE_PASSWORD ?? '',
  }
  const client = createClient(credentials)
  await client.command({ query: `CREATE DATABASE ${database}` })
  await client.close()
  if (!standIn)
    cleanup(async () => {
      const last = createClient(credentials)
      await last.command({ query: `DROP DATABASE IF EXISTS ${database}` })
      await last.close()
    })
  return {
    url,
    database,
    standIn,
    async command(query) {
      const own = createClient({ ...credentials, database })
      await own.command({ query })
      await own.close()
    },
  }
}

/** Settings of a sidecar that stores there. */
export function serverEnv({ database }: Server, url: string, timeoutMs: number): Record<string, string> {
  return {
    OPS_CLICKHOUSE_URL: url,
    OPS_CLICKHOUSE_DATABASE: database,
    OPS_CLICKHOUSE_TIMEOUT: `${timeoutMs}ms`,
  }
}
