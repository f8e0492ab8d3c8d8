import type { LookupAddress } from 'node:dns'
import { BlockList, isIP } from 'node:net'
import { OpsError } from '../errors.ts'

/** Networks in CIDR notation; an address matches in whatever notation it is written. */
export type Networks = BlockList

/** Finds the addresses of a host name, as `dns.promises.lookup` with `all` does. */
export type LookUp = (hostname: string) => Promise<readonly LookupAddress[]>

/**
 * What no gateway has: this network, link-local (the metadata services of the clouds are there), multicast, reserved,
 * metadata outside of link-local, and the IPv6 forms that carry such an IPv4 address. Source: the IANA special-purpose
 * address registries.
 */
const neverGateway = readNetworks([
  '0.0.0.0/8',
  '169.254.0.0/16',
  '100.100.100.200/32',
  '192.0.0.192/32',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  'fe80::/10',
  'ff00::/8',
  'fd00:ec2::254/128',
  // Teredo, 6to4 and NAT64 address IPv4 hosts through somebody else's translation.
  '2001::/32',
  '2002::/16',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
])
const loopback = readNetworks(['127.0.0.0/8', '::1/128'])
const privateUse = readNetworks([
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '192.0.0.0/24',
  '198.18.0.0/15',
  'fc00::/7',
  'fec0::/10',
])

/** @throws Error for a text that is no network. */
export function readNetworks(texts: readonly string[]): Networks {
  const networks = new BlockList()
  for (const text of texts) {
    const [address = '', prefix = ''] = text.split('/')
    const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
    const version = isIP(address)
    if (version === 0 || !(bits <= (version === 4 ? 32 : 128))) throw new Error(`${text} is no network`)
    networks.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6')
  }
  return networks
}

/**
 * The addresses to send to, looked up once: what is sent goes to these and nowhere else. An address in the URL is the
 * operator's word, and so are `localhost` and names without a dot, which a machine's own resolver knows: they may be
 * private or loopback. Any other name has to be public, unless `allowed` has its networks; otherwise whoever holds the
 * name's zone could point it at services behind the firewall. Some addresses are refused however they are named.
 * @param hostname as `URL.hostname` writes it: decimal, octal and hex IPv4 are dotted then, IPv6 is in brackets.
 * @throws OpsError `retry_address_refused`
 */
export async function resolveGateway(
  hostname: string,
  allowed: Networks,
  lookUp: LookUp,
): Promise<readonly LookupAddress[]> {
  const literal = hostname.replace(/^\[(.*)\]$/, '$1')
  const isLiteral = isIP(literal) !== 0
  const addresses = isLiteral
    ? [{ address: literal, family: isIP(literal) }]
    : await lookUpOnce(hostname, lookUp)
  const mayBeLocal = isLiteral || !hostname.includes('.') || hostname.endsWith('.localhost')
  for (const { address } of addresses) {
    const refused =
      includes(neverGateway, address) ||
      (!mayBeLocal &&
        (includes(loopback, address) || includes(privateUse, address)) &&
        !includes(allowed, address))
    if (refused) {
      throw new OpsError(
        'retry_address_refused',
        `${hostname} ${isLiteral ? 'is an address' : `has the address ${address}`} that a retry does not go to`,
      )
    }
  }
  return addresses
}

async function lookUpOnce(hostname: string, lookUp: LookUp): Promise<readonly LookupAddress[]> {
  const addresses = await lookUp(hostname).catch((cause: unknown) => {
    throw new OpsError('retry_address_refused', `${hostname} cannot be looked up`, { cause })
  })
  if (addresses.length === 0) throw new OpsError('retry_address_refused', `${hostname} has no address`)
  return addresses
}

/** An address of IPv4 in IPv6 (`::ffff:…`) is looked for as IPv4 too; BlockList does that. */
function includes(networks: Networks, address: string): boolean {
  const version = isIP(address)
  // What is no address is nowhere to send to.
  return version === 0 || networks.check(address, version === 4 ? 'ipv4' : 'ipv6')
}
