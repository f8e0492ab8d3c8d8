/**
 * Runs the example gateway.
 *
 * Env: GATEWAY_PORT (default 4391), UPSTREAM_BASE_URL (default http://127.0.0.1:4390),
 * OTEL_EXPORTER_OTLP_ENDPOINT (default http://127.0.0.1:4318), OTEL_SERVICE_NAME (default example-gateway),
 * OTEL_EXPORTER_OTLP_HEADERS.
 * Prints `gateway on <url>` when it listens; stops on SIGINT and SIGTERM after its last events are sent.
 */
import { startTelemetry } from '../../src/gateway/index.ts'
import { createGateway } from './gateway.ts'

const telemetry = startTelemetry({ serviceName: process.env.OTEL_SERVICE_NAME ?? 'example-gateway' })
const gateway = createGateway({ upstreamBaseUrl: process.env.UPSTREAM_BASE_URL ?? 'http://127.0.0.1:4390' })

const url = await gateway.listen({ host: '127.0.0.1', port: Number(process.env.GATEWAY_PORT ?? 4391) })
process.stdout.write(`gateway on ${url}\n`)

async function stop(): Promise<void> {
  await gateway.close()
  await telemetry.shutdown()
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
