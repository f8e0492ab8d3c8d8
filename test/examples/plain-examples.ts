import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'

export const examplesDirectory = new URL('../../examples', import.meta.url).pathname

/** One of `examples/plain-*`: a gateway's events in plain OpenTelemetry. */
export interface PlainExample {
  readonly name: string
  readonly language: string
  /** Runs it against an OTLP endpoint; rejects when it fails. */
  run(env: NodeJS.ProcessEnv, temporaryDirectory: string): Promise<void>
  /** The program that it cannot do without, and how to ask whether it is there. */
  readonly requires: readonly [program: string, ...args: string[]]
  readonly requestId: string
  readonly expected: Readonly<Record<string, unknown>>
}

async function execute(
  program: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string },
) {
  await promisify(execFile)(program, args, options)
}

export const plainNode: PlainExample = {
  name: 'plain-node',
  language: 'Node',
  requires: [process.execPath, '--version'],
  run: (env) => execute(process.execPath, [join(examplesDirectory, 'plain-node/main.mjs')], { env }),
  requestId: 'req-plain-node-1',
  expected: {
    platform: 'openai',
    status_code: 429,
    category: 'rate_limited',
    account_id: '101',
    retry_after_ms: 20_000,
  },
}

export const plainPython: PlainExample = {
  name: 'plain-python',
  language: 'Python',
  requires: ['python3', '-m', 'venv', '--help'],
  async run(env, temporaryDirectory) {
    const directory = join(examplesDirectory, 'plain-python')
    const python = join(temporaryDirectory, 'venv/bin/python')
    await execute('python3', ['-m', 'venv', join(temporaryDirectory, 'venv')], {})
    await execute(python, ['-m', 'pip', 'install', '-q', '-r', join(directory, 'requirements.txt')], {})
    await execute(python, [join(directory, 'main.py')], { env })
  },
  requestId: 'req-plain-python-1',
  expected: {
    platform: 'anthropic',
    status_code: 529,
    category: 'overloaded',
    account_id: '201',
    upstream_request_id: 'req_1',
  },
}

export const plainGo: PlainExample = {
  name: 'plain-go',
  language: 'Go',
  requires: ['go', 'version'],
  run: (env) => execute('go', ['run', '.'], { env, cwd: join(examplesDirectory, 'plain-go') }),
  requestId: 'req-plain-go-1',
  expected: { platform: 'gemini', status_code: 503, category: 'overloaded', account_id: '301' },
}

export interface PlainExampleRows {
  readonly events: readonly Record<string, unknown>[]
  readonly story: Record<string, unknown>
}

/** Runs an example against a sidecar; answers with what the sidecar then has of its request. */
export async function runPlainExample(
  example: PlainExample,
  sidecar: { readonly otlpUrl: string; readonly apiUrl: string },
  temporaryDirectory: string,
): Promise<PlainExampleRows> {
  await example.run({ ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: sidecar.otlpUrl }, temporaryDirectory)
  const list = `${sidecar.apiUrl}/api/v1/upstream-errors?request_id=${example.requestId}`
  return eventually(async () => {
    const { events } = await json<{ events: Record<string, unknown>[] }>(fetch(list))
    const story = await json(fetch(`${sidecar.apiUrl}/api/v1/requests/${example.requestId}`))
    if (events.length === 0 || story.outcome !== 'failed')
      throw new Error(`nothing of ${example.name} is stored`)
    return { events, story }
  })
}
