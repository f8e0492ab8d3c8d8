import { mkdir, readdir, readFile, rename, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { inflateBlocks } from './http-interface/compressed-blocks.ts'

/** `partition_minBlock_maxBlock_level`; what the engine has not finished begins otherwise (`tmp_merge_…`). */
const partName = /^([0-9a-z-]+)_(\d+)_(\d+)_(\d+)(?:_(\d+))?$/i
/** https://github.com/ClickHouse/ClickHouse/blob/master/src/Storages/MergeTree/MergeTreeDataPartChecksum.cpp */
const checksumsHeader = 'checksums format version: 4\n'
/** Not among a part's checksums. The engine finds out when they are cut short, but not always when they are empty. */
const unlisted = [
  'columns.txt',
  'columns_substreams.txt',
  'default_compression_codec.txt',
  'metadata_version.txt',
]
/** Parts this much older than the newest were there before the engine's last failed writes. */
const recentMs = 10 * 60_000
/** Of one table. What they lack is stored again, or still there in what they were merged from. */
const maxSetAside = 10

/**
 * Sets aside (`detached/broken_…`) the outermost parts of a table with files shorter than their checksums say: the engine does not
 * compare sizes when it takes on a table, and the queries fail later. It must not have the table open.
 * @param directory the table's.
 * @param sinceMs only parts changed since, Unix ms.
 * @returns their names.
 */
export async function setShortPartsAside(directory: string, sinceMs = 0): Promise<string[]> {
  let parts = await partsOf(directory)
  const short: string[] = []
  const checked = new Set<string>()
  for (let left = outermost(parts); left.length > 0; ) {
    for (const { name } of left) {
      checked.add(name)
      const { mtimeMs } = await stat(join(directory, name))
      if (mtimeMs < sinceMs) continue
      if (await isShort(join(directory, name))) short.push(name)
      else await disableShortProjections(join(directory, name))
    }
    // What a short part was merged from takes its place.
    parts = parts.filter(({ name }) => !short.includes(name))
    left = outermost(parts).filter(({ name }) => !checked.has(name))
  }
  if (short.length === 0) return short
  const detached = join(directory, 'detached')
  await mkdir(detached, { recursive: true })
  const taken = new Set(await readdir(detached))
  for (const name of short) {
    let target = `broken_${name}`
    for (let attempt = 1; taken.has(target); attempt++) target = `broken_${name}_try${attempt}`
    await rename(join(directory, name), join(detached, target))
  }
  await deleteOldest(detached)
  return short
}

/** Every attempt at an insert while writes fail leaves one: they would fill the disk in the end. */
async function deleteOldest(detached: string): Promise<void> {
  const broken = (await readdir(detached)).filter((name) => name.startsWith('broken_'))
  const changed = new Map(
    await Promise.all(
      broken.map(async (name) => [name, (await stat(join(detached, name))).ctimeMs] as const),
    ),
  )
  const byAge = broken.sort((a, b) => (changed.get(b) ?? 0) - (changed.get(a) ?? 0))
  for (const name of byAge.slice(maxSetAside)) await rm(join(detached, name), { recursive: true })
}

/**
 * The same for the newest parts of all tables, before the engine opens its directory: a process that was killed may
 * not have noticed what it left.
 * @param directory of the engine's data.
 */
export async function setRecentShortPartsAside(directory: string): Promise<string[]> {
  const tables = await tableDirectories(join(directory, 'store'))
  let newestMs = 0
  for (const table of tables)
    for (const { name } of outermost(await partsOf(table)))
      newestMs = Math.max(newestMs, (await stat(join(table, name))).mtimeMs)
  const short: string[] = []
  for (const table of tables) short.push(...(await setShortPartsAside(table, newestMs - recentMs)))
  return short
}

async function tableDirectories(store: string): Promise<string[]> {
  const tables: string[] = []
  for (const prefix of await list(store))
    for (const table of await list(join(store, prefix))) tables.push(join(store, prefix, table))
  return tables
}

interface Part {
  readonly name: string
  readonly partition: string
  /** First and last block, level, mutation. */
  readonly numbers: readonly [number, number, number, number]
}

async function partsOf(table: string): Promise<Part[]> {
  return (await list(table)).flatMap((name) => {
    const [, partition, first, last, level, mutation = '0'] = partName.exec(name) ?? []
    if (partition === undefined) return []
    return [{ name, partition, numbers: [Number(first), Number(last), Number(level), Number(mutation)] }]
  })
}

/** Those that the engine takes on: others are only still there because it has not deleted what it merged. */
function outermost(parts: readonly Part[]): Part[] {
  return parts.filter((part) => !parts.some((other) => other !== part && covers(other, part)))
}

function covers(outer: Part, inner: Part): boolean {
  const [first, last, level, mutation] = outer.numbers
  const [innerFirst, innerLast, innerLevel, innerMutation] = inner.numbers
  return (
    outer.partition === inner.partition &&
    first <= innerFirst &&
    last >= innerLast &&
    level >= innerLevel &&
    mutation >= innerMutation
  )
}

async function isShort(part: string): Promise<boolean> {
  const bytes = await readFile(join(part, 'checksums.txt')).catch(() => undefined)
  // The engine knows what to do about a part without them.
  if (bytes === undefined) return false
  const header = bytes.toString('latin1', 0, checksumsHeader.length)
  if (header !== checksumsHeader) return checksumsHeader.startsWith(header)
  let sizes: Map<string, number>
  try {
    sizes = await readSizes(bytes.subarray(header.length))
  } catch {
    return true
  }
  const found = await Promise.all([
    ...Array.from(sizes, ([name, size]) =>
      name.endsWith(projection) ? false : sizeOf(join(part, name)).then((actual) => actual !== size),
    ),
    ...unlisted.map((name) => sizeOf(join(part, name)).then((actual) => actual === 0)),
  ])
  return found.includes(true)
}

/**
 * Projections repeat what the part has, and the engine does not sync them with an insert: after a power loss they can be
 * short in a part whose rows are nowhere else. One without content is known to the engine as broken, and not used.
 */
async function disableShortProjections(part: string): Promise<void> {
  for (const name of (await list(part)).filter((file) => file.endsWith(projection))) {
    if (!(await isShort(join(part, name)))) continue
    for (const file of await list(join(part, name))) await truncate(join(part, name, file))
  }
}

const projection = '.proj'

/** Bytes of each file by its name. Throws when the list is cut short. */
async function readSizes(compressed: Buffer): Promise<Map<string, number>> {
  const blocks: Buffer[] = []
  for await (const block of inflateBlocks(once(compressed))) blocks.push(block)
  const list = Buffer.concat(blocks)
  let position = 0
  const byte = (): number => list.readUInt8(position++)
  const varUInt = (): number => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const next = byte()
      value += (next & 127) * shift
      if (next < 128) return value
    }
  }
  const sizes = new Map<string, number>()
  for (let left = varUInt(); left > 0; left--) {
    const length = varUInt()
    const name = list.toString('utf8', position, position + length)
    position += length
    sizes.set(name, varUInt())
    position += hashBytes
    if (byte() === 0) continue
    varUInt()
    position += hashBytes
  }
  return sizes
}

const hashBytes = 16

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

const sizeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  )

const list = (path: string): Promise<string[]> => readdir(path).catch(() => [])
