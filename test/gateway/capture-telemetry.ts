import { onTestFinished } from 'vitest'
import { configureRecording, startTelemetry, type TelemetryOptions } from '../../src/gateway/index.ts'
import { type OtlpReceiver, type ReceivedEvent, startOtlpReceiver } from './otlp-receiver.ts'

export interface Capture {
  readonly otlp: OtlpReceiver
  /** Everything recorded so far, flushed: `ops.upstream_error` by attempt. */
  upstreamErrors(): Promise<ReceivedEvent[]>
  requestErrors(): Promise<ReceivedEvent[]>
  flush(): Promise<void>
}

/** Real OpenTelemetry into a real OTLP endpoint, for the length of one test. */
export async function captureTelemetry(options: TelemetryOptions = {}): Promise<Capture> {
  const otlp = await startOtlpReceiver()
  const telemetry = startTelemetry({ endpoint: otlp.url, serviceName: 'gateway-under-test', ...options })
  onTestFinished(async () => {
    await telemetry.shutdown()
    configureRecording({})
    await otlp.close()
  })
  const named = async (name: string) => {
    await telemetry.forceFlush()
    return otlp.named(name)
  }
  return {
    otlp,
    flush: () => telemetry.forceFlush(),
    requestErrors: () => named('ops.request_error'),
    upstreamErrors: async () =>
      (await named('ops.upstream_error')).sort(
        (a, b) => attemptOf(a) - attemptOf(b) || Number(a.timeUnixNano - b.timeUnixNano),
      ),
  }
}

function attemptOf(event: ReceivedEvent): number {
  return Number(event.attributes['http.request.resend_count'])
}
