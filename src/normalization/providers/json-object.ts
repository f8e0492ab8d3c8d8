/** A parsed JSON object of unknown make. Only known names are read from it. */
export type JsonObject = { readonly [name: string]: unknown }

export const emptyJsonObject: JsonObject = Object.freeze(Object.create(null))

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object under `name`, `{}` when there is none. */
export function objectAt(object: JsonObject, name: string): JsonObject {
  const value = object[name]
  return isJsonObject(value) ? value : emptyJsonObject
}

/** The objects in the array under `name`, at most 32. */
export function objectsAt(object: JsonObject, name: string): JsonObject[] {
  const value = object[name]
  return Array.isArray(value) ? value.slice(0, 32).filter(isJsonObject) : []
}

/** The string or number under `name` as text, '' for anything else. */
export function textAt(object: JsonObject, name: string): string {
  const value = object[name]
  if (typeof value === 'string') return value
  return typeof value === 'number' ? String(value) : ''
}

/** The number under `name`, also from decimal text; 0 for anything else. */
export function numberAt(object: JsonObject, name: string): number {
  const value = object[name]
  if (typeof value === 'number') return Number.isFinite(value) ? value : 0
  if (typeof value !== 'string' || !/^\d{1,15}(?:\.\d{1,9})?$/.test(value)) return 0
  return Number(value)
}

/** The HTTP error status under `name`, 0 when it holds something else. */
export function statusAt(object: JsonObject, name: string): number {
  const status = numberAt(object, name)
  return Number.isInteger(status) && status >= 400 && status <= 599 ? status : 0
}
