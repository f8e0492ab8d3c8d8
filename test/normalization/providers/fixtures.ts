import { readdirSync, readFileSync } from 'node:fs'
import type { ErrorKind } from '../../../src/event/upstream-error-event.ts'
import type { ProviderError, ProviderFailure } from '../../../src/normalization/providers/provider-error.ts'

/** When the events of all fixtures happened. */
export const fixtureNowMs = Date.parse('2026-01-15T12:00:00.000Z')

interface FixtureFile {
  readonly name: string
  readonly input: {
    readonly platform: string
    readonly statusCode: number
    readonly headers?: Readonly<Record<string, string>>
    /** A string is the body as sent; anything else is sent as JSON. */
    readonly body?: unknown
    readonly errorType?: string
    readonly errorCode?: string
    readonly message?: string
    readonly kind?: ErrorKind
  }
  readonly expected: Partial<ProviderError>
}

export interface Fixture {
  readonly name: string
  readonly failure: ProviderFailure & { readonly headers: ReadonlyMap<string, string> }
  readonly expected: Partial<ProviderError>
}

const folder = new URL('../../fixtures/providers/', import.meta.url)

/** Every case of `test/fixtures/providers/*.json`, named `file: case`. */
export function readFixtures(): Fixture[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => {
      const cases: FixtureFile[] = JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
      return cases.map(({ name, input, expected }) => ({
        name: `${file.replace('.json', '')}: ${name}`,
        failure: failureOf(input),
        expected,
      }))
    })
}

export function failureOf(input: FixtureFile['input']): Fixture['failure'] {
  const { body = '', headers = {} } = input
  return {
    platform: input.platform,
    statusCode: input.statusCode,
    headers: new Map(Object.entries(headers)),
    body: typeof body === 'string' ? body : JSON.stringify(body),
    errorType: input.errorType ?? '',
    errorCode: input.errorCode ?? '',
    message: input.message ?? '',
    kind: input.kind ?? '',
    nowMs: fixtureNowMs,
  }
}
