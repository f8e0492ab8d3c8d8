import { createRequire } from 'node:module'
import type { BuildCompilerFromPool } from '@fastify/ajv-compiler'
import type { SerializerFactory } from '@fastify/fast-json-stringify-compiler'
import type { FastifyServerOptions } from 'fastify'
import { lazily } from '../event/lazily.ts'

type CompilersFactory = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>

// Not imported: they are loaded with the first request.
const require = createRequire(import.meta.url)

/**
 * Fastify's own compilers, which make a function of each schema of a route; here only once the route is asked. All of
 * them together take 9 MB and a part of the start, and a sidecar that nobody asks needs none.
 */
export function compileWhenUsed(): CompilersFactory {
  return { buildValidator, buildSerializer }
}

const buildValidator: BuildCompilerFromPool = (schemas, options) => {
  const compile = lazily(() => {
    const createFactory: typeof import('@fastify/ajv-compiler') = require('@fastify/ajv-compiler')
    return createFactory()(schemas, options)
  })
  const validatorOf = (schema: Parameters<ReturnType<BuildCompilerFromPool>>[0]) => {
    const validator = lazily(() => compile()(schema))
    return (data: unknown) => {
      const validate = validator()
      return validate(data) === true || { error: validate.errors }
    }
  }
  // The type names parts of Ajv's functions that Fastify does not look at.
  return validatorOf as unknown as ReturnType<BuildCompilerFromPool>
}

const buildSerializer: SerializerFactory = (schemas, options) => {
  const compile = lazily(() => {
    const createFactory: typeof import('@fastify/fast-json-stringify-compiler') = require('@fastify/fast-json-stringify-compiler')
    return createFactory()(schemas, options)
  })
  return (route) => {
    const serializer = lazily(() => compile()(route))
    return (data) => serializer()(data)
  }
}
