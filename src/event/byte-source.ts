/** The bytes of a body, seen in two ways: the view reads words and numbers several times as fast. */
export interface ByteSource {
  readonly bytes: Buffer
  readonly view: DataView
}

/** Shares the memory of `body`. */
export function createByteSource({ buffer, byteOffset, byteLength }: Uint8Array): ByteSource {
  return {
    bytes: Buffer.from(buffer, byteOffset, byteLength),
    view: new DataView(buffer, byteOffset, byteLength),
  }
}

/** Whether `length` bytes from `start` are those that `other` has from `at`; compares words. */
export function sameBytes(
  { bytes, view }: ByteSource,
  start: number,
  other: DataView,
  at: number,
  length: number,
): boolean {
  if (length < 4) {
    for (let i = 0; i < length; i++) if (bytes[start + i] !== other.getUint8(at + i)) return false
    return true
  }
  const lastWord = length - 4
  for (let i = 0; i < lastWord; i += 4) {
    if (view.getInt32(start + i, true) !== other.getInt32(at + i, true)) return false
  }
  return view.getInt32(start + lastWord, true) === other.getInt32(at + lastWord, true)
}

/** To copy more costs less by a call into C++. */
const maxBytesLooped = 160

/** Copies the bytes from `start` to before `end` to `at` in another memory; a short text word by word. */
export function copyBytes(
  source: ByteSource,
  start: number,
  end: number,
  target: ByteSource,
  at: number,
): void {
  const length = end - start
  if (length > maxBytesLooped) {
    source.bytes.copy(target.bytes, at, start, end)
    return
  }
  if (length < 4) {
    for (let i = 0; i < length; i++) target.bytes[at + i] = source.bytes[start + i] as number
    return
  }
  const from = source.view
  const to = target.view
  const lastWord = length - 4
  for (let i = 0; i < lastWord; i += 4) to.setInt32(at + i, from.getInt32(start + i, true), true)
  // It may overlap the word before.
  to.setInt32(at + lastWord, from.getInt32(start + lastWord, true), true)
}
