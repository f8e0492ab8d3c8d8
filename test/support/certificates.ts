import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

export interface TestCertificate {
  readonly certFile: string
  readonly keyFile: string
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** A certificate authority, made by the `openssl` of the machine. */
export function createAuthority(directory: string, name: string): TestCertificate {
  const files = filesOf(directory, name)
  openssl('req', '-x509', ...newKey, '-days', '2', '-subj', `/CN=${name}`, ...output(files))
  return files
}

/** A certificate of this machine's loopback names, signed by the authority. */
export function createCertificate(
  directory: string,
  name: string,
  authority: TestCertificate,
): TestCertificate {
  const files = filesOf(directory, name)
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1'
  const signedBy = ['-CA', authority.certFile, '-CAkey', authority.keyFile]
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-addext',
    names,
    ...signedBy,
    ...output(files),
  )
  return files
}

function filesOf(directory: string, name: string): TestCertificate {
  return { certFile: join(directory, `${name}.pem`), keyFile: join(directory, `${name}.key`) }
}

const output = ({ certFile, keyFile }: TestCertificate) => ['-keyout', keyFile, '-out', certFile]

function openssl(...words: string[]): void {
  execFileSync('openssl', words, { stdio: 'pipe' })
}
