/** The parts of an OpenAPI document that the page shows. */
export interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string }
  readonly tags?: readonly { readonly name: string; readonly description?: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

interface Operation {
  readonly tags?: readonly string[]
  readonly summary?: string
  readonly description?: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: Answer
  readonly responses?: Readonly<Record<string, Answer>>
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly description?: string
  readonly schema?: Schema
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>
}

interface Answer {
  readonly description?: string
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>
}

interface Schema {
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
}

const style = `
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}
code,pre{font:13px/1.45 ui-monospace,monospace}
h2{margin-top:2.5rem;border-bottom:1px solid #8885}
h3 code{font-size:1rem}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8883}
pre{overflow:auto;padding:.75rem;background:#8881}
summary{cursor:pointer}
`

/** A page of HTML without scripts that shows an OpenAPI document. */
export function docsPage(document: ApiDocument): string {
  const tags = document.tags ?? []
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  const sections = tags.map(({ name, description }) => {
    const ofTag = operations.filter(({ operation }) => operation.tags?.includes(name))
    return `<h2>${text(name)}</h2><p>${text(description)}</p>${ofTag.map(operationHtml).join('')}`
  })
  const { title, version, description } = document.info
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${text(title)} API</title>
<meta name="viewport" content="width=device-width"><style>${style}</style></head><body>
<h1>${text(title)} API <small>${text(version)}</small></h1><p>${text(description)}</p>
<p><a href="openapi.json">OpenAPI 3.1</a></p>${sections.join('')}</body></html>\n`
}

function operationHtml(entry: { path: string; method: string; operation: Operation }): string {
  const { path, method, operation } = entry
  const parameters = operation.parameters ?? []
  const answers = Object.entries(operation.responses ?? {})
  const sent = operation.requestBody?.content?.['application/json']?.schema
  return `<section><h3><code>${text(`${method} ${path}`)}</code></h3>
<p>${text(operation.summary)}. ${text(operation.description)}</p>
${parameters.length === 0 ? '' : `<details><summary>${parameters.length} parameters</summary><table>${parameters.map(parameterHtml).join('')}</table></details>`}
${sent === undefined ? '' : `<details><summary>Body</summary><pre>${text(shapeOf(sent, ''))}</pre></details>`}
<details><summary>Answers</summary>${answers.map(answerHtml).join('')}</details></section>`
}

function parameterHtml({ name, required, description, schema, ...parameter }: Parameter): string {
  const given = parameter.examples
    ? Object.values(parameter.examples).map(({ value }) => value)
    : [parameter.example]
  const examples = given.flat().filter((value) => value !== undefined)
  const more = [
    required ? 'Required.' : '',
    schema?.default === undefined ? '' : `Default ${JSON.stringify(schema.default)}.`,
    schema?.minimum === undefined ? '' : `From ${schema.minimum} to ${schema.maximum}.`,
  ]
  const shown = examples.map((value) => `<code>${text(`${name}=${value}`)}</code>`).join(' ')
  return `<tr><td><code>${text(name)}</code></td><td>${text([description, ...more].filter(Boolean).join(' '))} ${shown}</td></tr>`
}

function answerHtml([status, answer]: [string, Answer]): string {
  const [type, body] = Object.entries(answer.content ?? {})[0] ?? []
  const description = answer.description === 'Default Response' ? '' : answer.description
  const shape =
    type?.endsWith('json') && status === '200' ? `<pre>${text(shapeOf(body?.schema, ''))}</pre>` : ''
  return `<p><b>${text(status)}</b> ${text(description)} <code>${text(type)}</code></p>${shape}`
}

/** A schema as a sketch of the JSON that it describes. */
function shapeOf(schema: Schema | undefined, indent: string): string {
  if (schema === undefined) return 'any'
  if (schema.anyOf) return schema.anyOf.map((part) => shapeOf(part, indent)).join(' | ')
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (schema.properties) {
    const inner = `${indent}  `
    const lines = Object.entries(schema.properties).map(([name, property]) => {
      const comment = property.description === undefined ? '' : `  // ${property.description}`
      return `${inner}${name}: ${shapeOf(property, inner)}${comment}`
    })
    return `{\n${lines.join('\n')}\n${indent}}`
  }
  if (schema.items) return `[${shapeOf(schema.items, indent)}]`
  if (typeof schema.additionalProperties === 'object')
    return `{[key]: ${shapeOf(schema.additionalProperties, indent)}}`
  return [schema.format ?? schema.type ?? 'any'].flat().join(' | ')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function text(value: string | undefined): string {
  return (value ?? '').replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
