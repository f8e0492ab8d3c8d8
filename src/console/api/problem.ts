/** Why a request to the API failed, in its own words (RFC 9457) where it gave some. */
export interface Problem {
  /** 0 = no answer. */
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly action: string
}

/** What a request throws. */
export class ProblemError extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(`${problem.title}: ${problem.detail}`)
    this.problem = problem
  }
}

export async function readProblem(answer: Response): Promise<Problem> {
  const body = (await answer.json().catch(() => ({}))) as Partial<Problem>
  return {
    status: answer.status,
    code: body.code ?? 'unknown',
    title: body.title ?? `The answer was ${answer.status}`,
    detail: body.detail ?? answer.statusText,
    action: body.action ?? '',
  }
}

export const noAnswer: Problem = {
  status: 0,
  code: 'no_answer',
  title: 'The sidecar does not answer',
  detail: 'The connection failed or was closed.',
  action: 'See that it runs; the console tries again by itself.',
}
