/** Runs the Express gateway; the environment is that of `examples/gateway/main.ts`. */
import { startTelemetry } from '../../src/gateway/index.ts'
import { createExpressGateway } from './gateway.ts'

const telemetry = startTelemetry({ serviceName: process.env.OTEL_SERVICE_NAME ?? 'example-gateway-express' })
const app = createExpressGateway({
  upstreamBaseUrl: process.env.UPSTREAM_BASE_URL ?? 'http://127.0.0.1:4390',
})
const port = Number(process.env.GATEWAY_PORT ?? 4391)
const server = app.listen(port, '127.0.0.1', () =>
  process.stdout.write(`gateway on http://127.0.0.1:${port}\n`),
)

function stop(): void {
  server.close(() => telemetry.shutdown())
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
