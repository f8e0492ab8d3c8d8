#!/usr/bin/env -S MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=1048576 MALLOC_TRIM_THRESHOLD_=2097152 node --max-semi-space-size=8 --initial-heap-size=64
// The thread pool runs inflating, the journal's disk writes and the embedded engine's queries; with libuv's four
// threads a few slow queries would hold up ingestion. It has to be set before anything uses the pool.
process.env.UV_THREADPOOL_SIZE ??= '16'
// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})
// The package also installs on Node 22, for the SDK in a gateway.
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`ops-sidecar: needs Node 24 or newer, this is ${process.version}\n`)
  process.exit(1)
}
const { runCli } = await import('./cli.ts')
await runCli(process.argv, process.env)

export {}
