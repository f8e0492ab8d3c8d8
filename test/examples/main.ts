/**
 * `npm run test:examples`: the plain OpenTelemetry examples of every language that is installed here, against a sidecar.
 * Python's and Go's packages come from their registries, which is why `npm test` runs only Node's.
 */
import { deepStrictEqual } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { startTestSidecar, temporaryDirectory } from '../support/sidecar.ts'
import { type PlainExample, plainGo, plainNode, plainPython, runPlainExample } from './plain-examples.ts'

function isInstalled({ requires: [program, ...args] }: PlainExample): boolean {
  return spawnSync(program, args).status === 0
}

const directory = await temporaryDirectory()
const sidecar = await startTestSidecar(directory.path)
let passed = 0
let failed = 0
for (const example of [plainNode, plainPython, plainGo]) {
  if (!isInstalled(example)) {
    process.stdout.write(`${example.name}: not run, ${example.language} is not installed\n`)
    continue
  }
  try {
    const { events } = await runPlainExample(example, sidecar, directory.path)
    const columns = Object.keys(example.expected)
    const stored = events.map((event) => Object.fromEntries(columns.map((column) => [column, event[column]])))
    deepStrictEqual(stored, [example.expected])
    process.stdout.write(`${example.name}: one attempt and its request's failure are stored\n`)
    passed += 1
  } catch (error) {
    process.stdout.write(`${example.name}: ${error instanceof Error ? error.message : String(error)}\n`)
    failed += 1
  }
}
await sidecar.stop()
await directory.remove()
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
