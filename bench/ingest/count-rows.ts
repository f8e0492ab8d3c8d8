/** Prints how many rows and how many different events the embedded store in a data directory holds, as JSON. */
import { loadConfig } from '../../src/config.ts'
import { openStoreClients } from '../../src/store/client.ts'

const config = loadConfig({ OPS_DATA_DIR: process.argv[2] })
const clients = await openStoreClients(config)
const result = await clients.writer.query({
  query:
    'SELECT toInt32(count()) AS rows, toInt32(uniqExact(event_id)) AS events FROM ops_upstream_error_events',
  format: 'JSONEachRow',
})
const [counts] = await result.json()
process.stdout.write(`${JSON.stringify(counts)}\n`)
await clients.close()
