import { noAnswer, ProblemError, readProblem } from './problem.ts'
import { authorization } from './token.ts'

/** Relative to the page, so that the console also works below a path of a reverse proxy. */
export const apiBase = 'api/v1/'

const underWay = new Map<string, Promise<unknown>>()

/**
 * An answer of the API. Requests for the same path at the same time are made once.
 * @throws ProblemError
 */
export function get<Answer>(path: string): Promise<Answer> {
  const asked = underWay.get(path) as Promise<Answer> | undefined
  if (asked) return asked
  const answer = request<Answer>(path, {}).finally(() => {
    if (underWay.get(path) === answer) underWay.delete(path)
  })
  underWay.set(path, answer)
  return answer
}

/** @throws ProblemError */
export function post<Answer>(
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return send('POST', path, body, headers)
}

/** @throws ProblemError */
export function put<Answer>(path: string, body: unknown): Promise<Answer> {
  return send('PUT', path, body, {})
}

function send<Answer>(
  method: string,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  return request<Answer>(path, {
    method,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).finally(() => underWay.clear()) // What was asked before a change does not answer what is asked after it.
}

async function request<Answer>(path: string, init: RequestInit): Promise<Answer> {
  const answer = await fetch(`${apiBase}${path}`, {
    ...init,
    headers: { ...authorization(), ...(init.headers as Record<string, string> | undefined) },
  }).catch(() => {
    throw new ProblemError(noAnswer)
  })
  if (!answer.ok) throw new ProblemError(await readProblem(answer))
  return (await answer.json()) as Answer
}
