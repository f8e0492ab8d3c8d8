import { resolve } from 'node:path'
import type { Config } from './config.ts'
import type { Sidecar } from './sidecar.ts'

/** What a person reads after `npm start`: what listens where, what is stored where, what to try next. */
export function banner(config: Config, sidecar: Omit<Sidecar, 'stop'>, version: string): string {
  const scheme = config.tlsCertFile === '' ? 'http' : 'https'
  const api = `${scheme}://${config.apiHost}:${sidecar.apiPort}`
  const store =
    sidecar.storeKind === 'embedded'
      ? `embedded ClickHouse in ${resolve(config.dataDir, 'clickhouse')}`
      : config.clickhouseUrl
  const grpc =
    sidecar.otlpGrpcPort === undefined
      ? ''
      : `\n  OTLP/gRPC  ${scheme}://${config.otlpHost}:${sidecar.otlpGrpcPort}`
  const clickhouse =
    sidecar.clickhouseHttpPort === undefined
      ? ''
      : `\n  ClickHouse http://${config.clickhouseHttpHost}:${sidecar.clickhouseHttpPort}   (read only)`
  return `
ops-sidecar ${version}
  OTLP/HTTP  ${scheme}://${config.otlpHost}:${sidecar.otlpPort}   (POST /v1/traces, /v1/logs; protobuf or JSON)${grpc}
  console    ${api}
  API        ${api}   (/api/v1/upstream-errors, /api/openapi.json, /healthz, /readyz, /metrics)
  journal    ${resolve(config.dataDir, 'journal')}
  store      ${store}, database ${config.clickhouseDatabase}${clickhouse}

Try: npm run demo   or send an event as the README shows, then
     curl -s '${api}/api/v1/upstream-errors?from=now-1h'

`
}
