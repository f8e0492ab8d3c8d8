/** Runs the Express gateway; the environment is that of `examples/gateway/main.ts`. */
import type { AddressInfo } from 'node:net'
import { startTelemetry } from '../../src/gateway/index.ts'
import { createExpressGateway } from './gateway.ts'

const telemetry = startTelemetry({ serviceName: process.env.OTEL_SERVICE_NAME ?? 'example-gateway-express' })
const app = createExpressGateway({
  upstreamBaseUrl: process.env.UPSTREAM_BASE_URL ?? 'http://127.0.0.1:4390',
})
const server = app.listen(Number(process.env.GATEWAY_PORT ?? 4391), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`gateway on http://127.0.0.1:${port}\n`)
})

function stop(): void {
  server.close(() => telemetry.shutdown())
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
