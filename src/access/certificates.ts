import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { OpsError } from '../errors.ts'

/** What a TLS server needs, in PEM. */
export interface Certificates {
  readonly cert: Buffer
  readonly key: Buffer
  /** Exporters must show a certificate of one of these authorities; undefined = none is asked for. */
  readonly clientCa: Buffer | undefined
}

export interface WatchedCertificates {
  current(): Certificates
  /** The listener is called with each later pair that is found in the files. */
  onChange(listener: (certificates: Certificates) => void): void
  stop(): void
}

export type CertificatesConfig = Pick<Config, 'tlsCertFile' | 'tlsKeyFile' | 'otlpClientCaFile'>

const checkIntervalMs = 60_000

/**
 * The certificates of the configured files, or undefined while TLS is not configured. The files are read again every
 * minute, as certificates are renewed in place; a pair that does not fit together is logged and the last one stays.
 * @throws OpsError `invalid_config` when a file cannot be read or key and certificate do not belong together.
 */
export function watchCertificates(
  config: CertificatesConfig,
  log: Logger,
  intervalMs = checkIntervalMs,
): WatchedCertificates | undefined {
  if (config.tlsCertFile === '' && config.tlsKeyFile === '' && config.otlpClientCaFile === '')
    return undefined
  if (config.tlsCertFile === '' || config.tlsKeyFile === '')
    throw new OpsError('invalid_config', 'TLS needs both OPS_TLS_CERT_FILE and OPS_TLS_KEY_FILE')
  let current = readCertificates(config)
  const listeners: ((certificates: Certificates) => void)[] = []
  const timer = setInterval(() => {
    try {
      const found = readCertificates(config)
      if (sameCertificates(found, current)) return
      current = found
      for (const listener of listeners) listener(found)
      log.info('the TLS certificate was renewed')
    } catch (error) {
      log.error(
        { reason: (error as Error).message },
        'the TLS files are not usable; the last ones stay in use',
      )
    }
  }, intervalMs)
  timer.unref()
  return {
    current: () => current,
    onChange: (listener) => listeners.push(listener),
    stop: () => clearInterval(timer),
  }
}

function readCertificates(config: CertificatesConfig): Certificates {
  const cert = readPem('OPS_TLS_CERT_FILE', config.tlsCertFile)
  const key = readPem('OPS_TLS_KEY_FILE', config.tlsKeyFile)
  const clientCa =
    config.otlpClientCaFile === '' ? undefined : readPem('OPS_OTLP_CLIENT_CA_FILE', config.otlpClientCaFile)
  try {
    createSecureContext({ cert, key })
  } catch (cause) {
    throw new OpsError(
      'invalid_config',
      `OPS_TLS_CERT_FILE and OPS_TLS_KEY_FILE are no pair: ${(cause as Error).message}`,
      { cause },
    )
  }
  if (clientCa !== undefined) checkAuthority(clientCa, config.otlpClientCaFile)
  return { cert, key, clientCa }
}

/** Node takes a file without any certificate as an empty list, which would refuse every exporter without a word. */
function checkAuthority(clientCa: Buffer, path: string): void {
  try {
    new X509Certificate(clientCa)
  } catch (cause) {
    throw new OpsError('invalid_config', `OPS_OTLP_CLIENT_CA_FILE: ${path} holds no certificate in PEM`, {
      cause,
    })
  }
}

function readPem(name: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code
    throw new OpsError('invalid_config', `${name}: ${path} cannot be read: ${why}`, { cause })
  }
}

function sameCertificates(one: Certificates, other: Certificates): boolean {
  return (
    one.cert.equals(other.cert) &&
    one.key.equals(other.key) &&
    (one.clientCa ?? Buffer.alloc(0)).equals(other.clientCa ?? Buffer.alloc(0))
  )
}
