import { objectAt, textAt } from './json-object.ts'
import { commonRequestIdHeaders, readOpenaiCompatible } from './openai-compatible.ts'
import type { ProviderParser } from './provider-parser.ts'

/**
 * Azure OpenAI: OpenAI's shape with a status or a name as `code` and mostly no `type`; the content filter's reason is
 * in `innererror`, which LiteLLM puts into `provider_specific_fields`; its API gateway answers `{"statusCode":429,"message":…}`.
 */
export const azureOpenai: ProviderParser = {
  read(body) {
    const reading = readOpenaiCompatible(body)
    const error = objectAt(body, 'error')
    const inner = objectAt(error, 'innererror')
    const innerCode =
      textAt(inner, 'code') ||
      textAt(objectAt(objectAt(error, 'provider_specific_fields'), 'innererror'), 'code')
    reading.type ||= innerCode
    return reading
  },
  requestIdHeaders: ['apim-request-id', 'x-ms-request-id', ...commonRequestIdHeaders],
}
