const maxTextChars = 2048

/** How an attempt failed without an answer. `code` is the system's or library's name for it, '' if it has none. */
export interface ClientError {
  readonly category: 'timeout' | 'network'
  readonly code: string
  /** A certificate that was refused is refused again. */
  readonly retryable: boolean
}

const code =
  /\b(?:E(?:TIMEDOUT|SOCKETTIMEDOUT|CONN(?:RESET|REFUSED|ABORTED)|PIPE|PROTO|AI_AGAIN|AI_FAIL|NOTFOUND|NODATA|HOSTUNREACH|HOSTDOWN|NETUNREACH|NETDOWN|ADDRNOTAVAIL)|UND_ERR_[A-Z_]{3,40}|ERR_(?:HTTP2|SSL|TLS|SOCKET|NETWORK|STREAM|CONNECTION)[A-Z_0-9]{0,40}|CERT_[A-Z_]{3,40}|UNABLE_TO_(?:VERIFY|GET)_[A-Z_]{3,40}|(?:DEPTH_ZERO_)?SELF_SIGNED_CERT[A-Z_]{0,20})\b/

const certificate = /CERT|UNABLE_TO_|certificate|x509|hostname mismatch/i

const timeout = /time[d_ -]{0,2}out|TIMEDOUT|deadline.?exceeded/i

const network =
  /connection|connect error|connecterror|econn|network|socket|dns|lookup|no such host|unknownhost|name or service not known|getaddrinfo|name resolution|fetch failed|premature close|unexpected eof|terminated|other side closed|server disconnected|peer closed|remoteprotocolerror|unreachable|broken pipe|handshake|tls|ssl|abort|stream (?:ended|closed|error)|goaway|rst_stream/i

/**
 * Names a failure of DNS, connection, TLS or time from what the gateway's HTTP client reported: Node and undici codes,
 * and the words of Go, Python and Java. Undefined when it says nothing of the kind.
 */
export function clientErrorOf(
  errorType: string,
  errorCode: string,
  message: string,
): ClientError | undefined {
  const text = `${errorCode} ${errorType} ${message.slice(0, maxTextChars)}`
  const named = code.exec(text)?.[0] ?? ''
  if (certificate.test(text)) return { category: 'network', code: named, retryable: false }
  if (timeout.test(named === '' ? text : `${named} ${errorType}`))
    return { category: 'timeout', code: named, retryable: true }
  if (named !== '' || network.test(text)) return { category: 'network', code: named, retryable: true }
  return undefined
}
