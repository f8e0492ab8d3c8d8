import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Signal } from '../../src/event/selected-event.ts'
import { createSelector } from './create-selector.ts'
import { choices, otlpRequest } from './otlp-arbitrary.ts'
import { encodeProtobuf, requestType } from './otlp-proto.ts'
import { referenceFromJson, referenceFromProtobuf } from './reference-selection.ts'
import { varyProtobuf } from './vary-protobuf.ts'
import { writeJson } from './write-json.ts'

const signals: Signal[] = ['traces', 'logs']
const settings = { numRuns: 400 }

describe.each(signals)('selection from %s', (signal) => {
  it('agrees with a full decode of protobuf, whichever way it is encoded', () => {
    fc.assert(
      fc.property(otlpRequest(signal), choices, fc.boolean(), (request, choose, exceptionEvents) => {
        const body = varyProtobuf(encodeProtobuf(signal, request), requestType(signal), choose)
        const selection = createSelector({ exceptionEvents })(signal, 'protobuf', body)
        expect(selection).toEqual(referenceFromProtobuf(signal, body, exceptionEvents))
      }),
      settings,
    )
  })

  it('agrees with JSON.parse, whichever way JSON is written', () => {
    fc.assert(
      fc.property(otlpRequest(signal), choices, fc.boolean(), (request, choose, exceptionEvents) => {
        const body = writeJson(request, choose)
        const selection = createSelector({ exceptionEvents })(signal, 'json', body)
        expect(selection).toEqual(referenceFromJson(signal, body, exceptionEvents))
      }),
      settings,
    )
  })

  it('is the same for the same content in either encoding', () => {
    fc.assert(
      fc.property(otlpRequest(signal), fc.boolean(), (request, exceptionEvents) => {
        const select = createSelector({ exceptionEvents })
        expect(select(signal, 'json', writeJson(request))).toEqual(
          select(signal, 'protobuf', encodeProtobuf(signal, request)),
        )
      }),
      settings,
    )
  })

  it('gets requests with selected events, exceptions among them, to work on', () => {
    const select = createSelector({ exceptionEvents: true })
    const names = fc
      .sample(otlpRequest(signal), 300)
      .flatMap((request) => select(signal, 'protobuf', encodeProtobuf(signal, request)).selected)
      .map((event) => event.name)
    for (const name of [
      'ops.upstream_error',
      'ops.request_error',
      'exception',
      'gen_ai.client.operation.exception',
    ])
      expect(names.filter((other) => other === name).length).toBeGreaterThan(2)
  })
})
