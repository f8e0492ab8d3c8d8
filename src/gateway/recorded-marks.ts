/** Recorded errors, and what they were made from, by the gateway request that they were recorded for. */
const recorded = new WeakMap<object, object>()
const outsideOfRequests = {}
const maxCauses = 5

/**
 * Marks an error as recorded for a request.
 *
 * `instrumentFetch` sees an answer first; the client library's error, which carries the same `Headers` or has the
 * same `cause`, comes later. Only within one request: an error object that is made once and thrown often, such as
 * the reason of a shared signal, stands for another failure in another request.
 * @returns false when any of it was marked before.
 */
export function markRecorded(error: unknown, request: object = outsideOfRequests): boolean {
  let isNew = true
  let current = error
  for (let depth = 0; depth <= maxCauses && isObject(current); depth++) {
    const { headers, response, cause } = current as { headers?: unknown; response?: unknown; cause?: unknown }
    if (!mark(current, request)) isNew = false
    // Plain header objects can be shared between answers.
    if (headers instanceof Headers && !mark(headers, request)) isNew = false
    if (isObject(response) && !mark(response, request)) isNew = false
    current = cause
  }
  return isNew
}

function mark(part: object, request: object): boolean {
  if (recorded.get(part) === request) return false
  recorded.set(part, request)
  return true
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
