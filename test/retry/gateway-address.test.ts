import { describe, expect, it } from 'vitest'
import { readNetworks, resolveGateway } from '../../src/retry/gateway-address.ts'

const none = readNetworks([])
const nobody = async () => {
  throw new Error('nothing is to be looked up')
}
const hostOf = (url: string) => new URL(url).hostname

function resolve(hostname: string, addresses: readonly string[], networks = none) {
  return resolveGateway(hostname, networks, async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  )
}

describe('an address in the URL of the gateway', () => {
  it.each([
    ['http://127.0.0.1:8080', '127.0.0.1'],
    ['http://10.1.2.3', '10.1.2.3'],
    ['http://[::1]', '::1'],
    ['http://2130706433', '127.0.0.1'],
    ['https://203.0.113.7', '203.0.113.7'],
  ])('is taken as the operator wrote it: %s', async (url, address) => {
    expect(await resolveGateway(hostOf(url), none, nobody)).toMatchObject([{ address }])
  })

  it.each([
    ['link-local, where clouds keep their metadata', 'http://169.254.169.254'],
    ['the same as a decimal number', 'http://2852039166'],
    ['the same in hex', 'http://0xa9fea9fe'],
    ['the same in octal', 'http://0251.0376.0251.0376'],
    ['the same with fewer parts', 'http://169.254.43518'],
    ['the same mapped into IPv6', 'http://[::ffff:169.254.169.254]'],
    ['the same mapped, in hex', 'http://[::ffff:a9fe:a9fe]'],
    ['the same through NAT64', 'http://[64:ff9b::a9fe:a9fe]'],
    ['the same through 6to4', 'http://[2002:a9fe:a9fe::1]'],
    ['link-local of IPv6', 'http://[fe80::1]'],
    ['metadata of AWS over IPv6', 'http://[fd00:ec2::254]'],
    ['metadata of Alibaba', 'http://100.100.100.200'],
    ['this host', 'http://0.0.0.0'],
    ['this host, mapped', 'http://[::ffff:0.0.0.0]'],
    ['any address of IPv6', 'http://[::]'],
    ['multicast', 'http://224.0.0.1'],
    ['broadcast', 'http://255.255.255.255'],
  ])('is refused for %s: %s', async (_what, url) => {
    await expect(resolveGateway(hostOf(url), none, nobody)).rejects.toMatchObject({
      code: 'retry_address_refused',
    })
  })
})

describe('the name of the gateway', () => {
  it.each([
    ['gateway.example.com', '203.0.113.7'],
    ['gateway.example.com', '2606:4700::1'],
    ['localhost', '127.0.0.1'],
    ['api.localhost', '::1'],
    ['gateway', '172.18.0.4'],
  ])('%s may have the address %s', async (hostname, address) => {
    expect(await resolve(hostname, [address])).toMatchObject([{ address }])
  })

  it.each([
    ['gateway.example.com', '127.0.0.1'],
    ['gateway.example.com', '::ffff:127.0.0.1'],
    ['gateway.example.com', '10.0.0.5'],
    ['gateway.example.com', '192.168.1.1'],
    ['gateway.example.com', 'fd12::1'],
    ['gateway', '169.254.169.254'],
    ['localhost', 'fe80::1%eth0'],
    ['gateway.example.com', 'not an address'],
  ])('%s is not followed to %s', async (hostname, address) => {
    await expect(resolve(hostname, [address])).rejects.toMatchObject({ code: 'retry_address_refused' })
  })

  it('is refused when one of its addresses is, as a rebinding name has', async () => {
    await expect(resolve('gateway.example.com', ['203.0.113.7', '10.0.0.5'])).rejects.toMatchObject({
      code: 'retry_address_refused',
    })
  })

  it('may lie in the networks that are configured, and never in those that no gateway is in', async () => {
    const networks = readNetworks(['10.0.0.0/8', '169.254.0.0/16'])
    expect(await resolve('gateway.example.com', ['10.0.0.5'], networks)).toHaveLength(1)
    await expect(resolve('gateway.example.com', ['192.168.1.1'], networks)).rejects.toThrow()
    await expect(resolve('gateway.example.com', ['169.254.169.254'], networks)).rejects.toThrow()
  })

  it('has to be known', async () => {
    await expect(resolve('gateway.example.com', [])).rejects.toMatchObject({ code: 'retry_address_refused' })
    await expect(resolveGateway('gateway.example.com', none, nobody)).rejects.toMatchObject({
      code: 'retry_address_refused',
    })
  })
})

describe('networks', () => {
  it.each(['10.0.0.0', '10.0.0.0/33', '::1/129', 'example.com/8', '10.0.0.0/-1', ''])(
    'are not %j',
    (text) => {
      expect(() => readNetworks([text])).toThrow('is no network')
    },
  )
})
