/** A gateway process: one recorded upstream error through the SDK and its real exporter, then a clean shutdown. */
import { recordUpstreamError, startTelemetry } from '../../src/gateway/index.ts'

const telemetry = startTelemetry({
  serviceName: 'emitter',
  resourceAttributes: {
    'service.namespace': 'flow',
    'service.instance.id': 'emitter-1',
    'deployment.environment.name': 'test',
  },
})
recordUpstreamError(
  new Response(
    '{"error":{"message":"Rate limit reached for gpt-5 on tokens per min. Please try again in 1.5s.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}',
    {
      status: 429,
      headers: {
        'content-type': 'application/json',
        'x-request-id': 'req_upstream_1',
        'retry-after': '20',
        'set-cookie': 'session=abc',
      },
    },
  ),
  {
    platform: 'openai',
    model: 'gpt-5',
    upstreamModel: 'gpt-5-2026-08-07',
    operation: 'chat',
    stream: true,
    accountId: 17,
    accountName: 'main',
    method: 'POST',
    url: 'https://api.openai.com/v1/chat/completions?api_key=hidden',
    attempt: 2,
    latencyMs: 321,
    timeToFirstTokenMs: 45,
  },
)
await telemetry.shutdown()
