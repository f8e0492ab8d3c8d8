/** A shell command that sends one event by OTLP/HTTP; the same as in the README. */
export function firstEventCurl(otlpUrl: string): string {
  return `curl -s ${otlpUrl}/v1/logs -H 'content-type: application/json' -d '{"resourceLogs":[{
  "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"my-gateway"}}]},
  "scopeLogs":[{"logRecords":[{"timeUnixNano":"'$(date +%s)'000000000","eventName":"ops.upstream_error","attributes":[
    {"key":"gen_ai.provider.name","value":{"stringValue":"openai"}},
    {"key":"gen_ai.request.model","value":{"stringValue":"gpt-5"}},
    {"key":"http.response.status_code","value":{"intValue":429}},
    {"key":"ops.request.id","value":{"stringValue":"req-1"}},
    {"key":"ops.account.id","value":{"stringValue":"17"}},
    {"key":"http.response.body.content","value":{"stringValue":"{\\"error\\":{\\"message\\":\\"Rate limit reached. Please try again in 20s.\\",\\"type\\":\\"tokens\\",\\"code\\":\\"rate_limit_exceeded\\"}}"}}
  ]}]}]}]}'`
}

export const sdkLines = `import { instrumentFetch, startTelemetry } from 'ops-sidecar/gateway'

startTelemetry({ serviceName: 'my-gateway' })
const upstreamFetch = instrumentFetch(fetch) // failed attempts are recorded; successful ones cost nothing`
