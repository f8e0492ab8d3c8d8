/**
 * `npm run demo`: the sidecar, fake providers, an example gateway and some traffic through it, each a process of its
 * own on loopback. The traffic ends after a minute; everything else stays until Ctrl-C. OPS_ variables are the
 * sidecar's, as with `npm start`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { generateTraffic } from './gateway/traffic.ts'

const trafficCount = 600
const trafficPerSecond = 10
const children: ChildProcess[] = []

/** Starts a script and resolves with the first group of the line that says it is up. */
function start(script: string, env: Record<string, string>, up: RegExp): Promise<string> {
  const child = spawn(process.execPath, [new URL(script, import.meta.url).pathname], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      process.stdout.write(chunk)
      text += chunk
      const match = up.exec(text)
      if (match?.[1] !== undefined) resolve(match[1])
    })
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code} before it was up`)))
  })
}

async function stop(): Promise<void> {
  // Near end first: the gateway's last events go to a sidecar that still listens.
  for (const child of children.toReversed()) {
    if (child.exitCode !== null) continue
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await ended
  }
}

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stopping.abort()
    stop().then(() => process.exit(0))
  })
}

try {
  const otlpUrl = await start('../src/main.ts', {}, /OTLP\/HTTP {2}(http:\S+)[\s\S]*curl/)
  const upstreamUrl = await start('./upstreams/main.ts', { UPSTREAM_PORT: '0' }, /upstreams on (\S+)/)
  const gatewayUrl = await start(
    './gateway/main.ts',
    { GATEWAY_PORT: '0', UPSTREAM_BASE_URL: upstreamUrl, OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl },
    /gateway on (\S+)/,
  )
  process.stdout.write(`sending ${trafficCount} requests through the gateway, ${trafficPerSecond} a second\n`)
  const result = await generateTraffic({
    gatewayUrl,
    count: trafficCount,
    requestsPerSecond: trafficPerSecond,
    signal: stopping.signal,
  })
  process.stdout.write(
    `sent ${result.sent}; answers by status: ${JSON.stringify(Object.fromEntries(result.byStatus))}\n`,
  )
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`)
  await stop()
  process.exit(1)
}
