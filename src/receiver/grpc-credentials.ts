import { experimental, ServerCredentials } from '@grpc/grpc-js'
import type { WatchedCertificates } from '../access/certificates.ts'

/** TLS for OTLP/gRPC, or none. grpc-js renews certificates only through its certificate providers. */
export function grpcCredentials(certificates: WatchedCertificates | undefined): ServerCredentials {
  if (certificates === undefined) return ServerCredentials.createInsecure()
  const provider: experimental.CertificateProvider = {
    addIdentityCertificateListener(listener) {
      const tell = () => {
        const { cert, key } = certificates.current()
        listener({ certificate: cert, privateKey: key })
      }
      certificates.onChange(tell)
      // Not at once: grpc-js passes on only what comes after it has added the listener.
      queueMicrotask(tell)
    },
    addCaCertificateListener(listener) {
      const tell = () => {
        const { clientCa } = certificates.current()
        listener(clientCa === undefined ? null : { caCertificate: clientCa })
      }
      certificates.onChange(tell)
      queueMicrotask(tell)
    },
    removeIdentityCertificateListener() {},
    removeCaCertificateListener() {},
  }
  const asksForOne = certificates.current().clientCa !== undefined
  return experimental.createCertificateProviderServerCredentials(
    provider,
    asksForOne ? provider : null,
    asksForOne,
  )
}
