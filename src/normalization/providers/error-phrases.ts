import type { ErrorCategory } from '../../event/upstream-error-event.ts'

const maxMessageChars = 2048

/** Money or an allowance is used up. Waiting does not help, or not for hours. Includes what Chinese relays answer. */
const quota =
  /exceeded your current quota|credit balance is too low|insufficient (?:account )?(?:balance|credit|quota|funds)|insufficient_quota|all available credits|out of credits|(?:more|no|prepaid) credits|monthly spend(?:ing)? limit|spend(?:ing)? limit (?:has been )?(?:reached|exceeded)|(?:specified|workspace) api usage limits|usage limit (?:has been )?reached|billing hard limit|check your billing|(?:key|budget) limit exceeded|额度不足|余额不足|额度已用尽|欠费/i

const content =
  /content (?:management |safety )?policy|content.filter|safety (?:system|filter|setting)|flagged (?:as|by|for)|violat\w{1,8} our usage polic|prohibited content/i

const overload =
  /overloaded|no capacity available|(?:at|over|exceeds?) (?:full |maximum )?capacity|experiencing high (?:demand|load|traffic)|负载已饱和/i

/** What the wording says where type and code do not; '' = nothing. `status` is 0 when unknown. */
export function categoryOfPhrases(message: string, status: number): ErrorCategory | '' {
  const text = message.length > maxMessageChars ? message.slice(0, maxMessageChars) : message
  if (text === '') return ''
  const isRequestAtFault = status < 500 && status !== 429
  if (quota.test(text)) return 'quota_exhausted'
  if (isRequestAtFault && content.test(text)) return 'content_blocked'
  return !isRequestAtFault && overload.test(text) ? 'overloaded' : ''
}
