/** A JSON answer, as what the test expects it to be. */
export async function json<Body = Record<string, unknown>>(
  answer: Response | Promise<Response>,
): Promise<Body> {
  return (await (await answer).json()) as Body
}
