/** Runs the fake upstreams alone: `UPSTREAM_PORT=4390 UPSTREAM_SEED=1 node examples/upstreams/main.ts`. */
import { startFakeUpstreams } from './start-fake-upstreams.ts'

const upstreams = await startFakeUpstreams({
  port: Number(process.env.UPSTREAM_PORT ?? 4390),
  seed: Number(process.env.UPSTREAM_SEED ?? 1),
})
process.stdout.write(`upstreams on ${upstreams.url('openai').replace('/openai', '')}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => upstreams.close())
