import { createServer } from 'node:http'
import express from 'express'
import Fastify from 'fastify'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  expressUpstreamErrors,
  fastifyUpstreamErrors,
  type RequestFields,
  serveRequest,
  telemetryStats,
} from '../../src/gateway/index.ts'
import { captureTelemetry } from './capture-telemetry.ts'
import { listen } from './loopback-server.ts'

const refusal = {
  error: { message: 'model is missing; got key sk-proj-abcdefghijklmnopqrstuvwxyz0123456789AB' },
}

async function fastifyGateway(fields: () => RequestFields): Promise<string> {
  const app = Fastify()
  app.register(fastifyUpstreamErrors, { fields })
  app.post('/refuse', async (_request, reply) => reply.code(422).send(refusal))
  app.post('/throw', async () => {
    throw new Error('no route to the model')
  })
  onTestFinished(() => app.close())
  return app.listen({ port: 0, host: '127.0.0.1' })
}

async function expressGateway(fields: () => RequestFields): Promise<string> {
  const app = express()
  app.use(expressUpstreamErrors({ fields }))
  app.use(express.json())
  app.post('/refuse', (_request, response) => {
    response.status(422).json(refusal)
  })
  return listen(createServer(app))
}

async function nodeGateway(): Promise<string> {
  return listen(
    createServer((request, response) =>
      serveRequest(request, response, {}, () => {
        response.writeHead(422, { 'content-type': 'application/json' }).end(JSON.stringify(refusal))
      }),
    ),
  )
}

function post(url: string): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"model":"","messages":[]}',
  })
}

describe.each([
  ['Fastify', fastifyGateway],
  ['Express', expressGateway],
  ['node:http', nodeGateway],
])('an error answer of a gateway on %s', (_name, start) => {
  it('is recorded with its redacted body and the message in it, without a word from the gateway', async () => {
    const capture = await captureTelemetry()
    const answer = await post(`${await start(() => ({}))}/refuse`)
    expect([answer.status, await answer.json()]).toEqual([422, refusal])
    await expect.poll(async () => (await capture.requestErrors()).length).toBe(1)
    const [record] = await capture.requestErrors()
    expect(record?.attributes).toMatchObject({
      'http.response.status_code': 422,
      'ops.error.phase': 'request',
      'ops.error.message': expect.stringMatching(/^model is missing; got key /),
      'ops.error.body': expect.stringMatching(/^\{"error":\{"message":"model is missing/),
    })
    expect(record?.attributes['http.request.body.content']).toBeUndefined()
    expect(capture.otlp.bodies.join()).not.toContain('abcdefghijklmnopqrstuvwxyz0123456789AB')
  })

  it('leaves its body out where response bodies are not wanted', async () => {
    const capture = await captureTelemetry({ recording: { responseBodies: false } })
    await (await post(`${await start(() => ({}))}/refuse`)).text()
    await expect.poll(async () => (await capture.requestErrors()).length).toBe(1)
    expect((await capture.requestErrors())[0]?.attributes['ops.error.body']).toBeUndefined()
  })
})

describe.each([
  ['Fastify', fastifyGateway],
  ['Express', expressGateway],
])('a request body on %s', (_name, start) => {
  it('is recorded with the failed request where it was asked for', async () => {
    const capture = await captureTelemetry({ recording: { requestBodies: true } })
    await (await post(`${await start(() => ({}))}/refuse`)).text()
    await expect.poll(async () => (await capture.requestErrors()).length).toBe(1)
    expect((await capture.requestErrors())[0]?.attributes).toMatchObject({
      'http.request.body.content': '{"model":"","messages":[]}',
      'http.request.body.size': 26,
      'ops.request.body_truncated': false,
    })
  })

  it('is served although the callback for more fields throws', async () => {
    const capture = await captureTelemetry()
    const before = telemetryStats().internalErrors
    const gateway = await start(() => {
      throw new Error('no such header')
    })
    expect((await post(`${gateway}/refuse`)).status).toBe(422)
    await expect.poll(async () => (await capture.requestErrors()).length).toBe(1)
    expect(telemetryStats().internalErrors).toBe(before + 1)
  })
})

describe('an error that a Fastify handler throws', () => {
  it('is recorded with its message', async () => {
    const capture = await captureTelemetry()
    expect((await post(`${await fastifyGateway(() => ({}))}/throw`)).status).toBe(500)
    await expect.poll(async () => (await capture.requestErrors()).length).toBe(1)
    expect((await capture.requestErrors())[0]?.attributes).toMatchObject({
      'ops.error.phase': 'internal',
      'ops.error.message': 'no route to the model',
    })
  })
})
