import type { FastifyReply } from 'fastify'

const signals = new WeakMap<object, AbortSignal>()

/**
 * Aborts when the connection ends before the answer has. Fastify's `request.signal` does so when the request has been
 * read as well, which with a body is before anything is answered.
 */
export function hangUpOf(reply: FastifyReply): AbortSignal {
  const { raw } = reply
  const known = signals.get(raw)
  if (known) return known
  const hangUp = new AbortController()
  signals.set(raw, hangUp.signal)
  const onClose = () => {
    if (!raw.writableFinished) hangUp.abort(new Error('the client hung up'))
  }
  if (raw.destroyed) onClose()
  else raw.once('close', onClose)
  return hangUp.signal
}
