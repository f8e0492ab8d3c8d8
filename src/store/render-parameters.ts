import { quote } from './quote.ts'

/** `{name:Type}`, as ClickHouse writes a query parameter. */
const placeholder = /\{(\w+):([A-Za-z0-9()]+)\}/g

/**
 * The statement with its parameters as literals, for the embedded engine: chdb runs all statements with bound
 * parameters of a process one after the other, whatever connection they are on, so one slow query would hold up every
 * other. A literal is made from the declared type alone and its value can never end it.
 * @throws TypeError for a parameter that is missing or not of its declared type.
 */
export function renderParameters(sql: string, params: Readonly<Record<string, unknown>>): string {
  return sql.replace(placeholder, (_, name: string, type: string) => {
    if (!Object.hasOwn(params, name)) throw new TypeError(`parameter ${name} is missing`)
    return literal(type, params[name], name)
  })
}

function literal(type: string, value: unknown, name: string): string {
  const element = /^Array\((\w+)\)$/.exec(type)?.[1]
  if (element !== undefined) {
    if (!Array.isArray(value)) throw new TypeError(`parameter ${name} is no array`)
    return `[${value.map((item: unknown) => literal(element, item, name)).join(', ')}]`
  }
  switch (type) {
    case 'String':
      return quoted(value, name)
    case 'UUID':
      return `toUUID(${quoted(value, name)})`
    case 'Int64':
      return `toInt64(${integer(value, name)})`
    case 'UInt8':
    case 'UInt16':
    case 'UInt32':
    case 'UInt64':
      return `to${type}(${integer(value, name)})`
    default:
      throw new TypeError(`parameter ${name} has a type that is not known here: ${type}`)
  }
}

function integer(value: unknown, name: string): string {
  const text = String(value)
  if (!/^-?\d{1,20}$/.test(text)) throw new TypeError(`parameter ${name} is no integer`)
  return text
}

function quoted(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new TypeError(`parameter ${name} is no text`)
  return quote(value)
}
