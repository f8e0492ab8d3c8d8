import protobuf from 'protobufjs'
import type { Choose } from './otlp-arbitrary.ts'

interface Field {
  readonly number: number
  readonly bytes: Uint8Array
}

/**
 * Encodes the same message in another way that protobuf allows: fields in another order, message fields in
 * several parts, unknown fields in between, varints longer than necessary.
 */
export function varyProtobuf(body: Uint8Array, type: protobuf.Type, choose: Choose): Buffer {
  return Buffer.concat(
    shuffled(withUnknown(fieldsOf(body, type, choose), choose), choose).map((field) => field.bytes),
  )
}

function fieldsOf(body: Uint8Array, type: protobuf.Type, choose: Choose): Field[] {
  const reader = protobuf.Reader.create(Buffer.from(body))
  const fields: Field[] = []
  while (reader.pos < reader.len) {
    const start = reader.pos
    const tag = reader.uint32()
    const number = tag >>> 3
    const field = type.fieldsById[number]?.resolve()
    if (field?.resolvedType instanceof protobuf.Type) {
      const content = reader.bytes()
      for (const part of parts(content, field, choose)) {
        const varied = varyProtobuf(part, field.resolvedType, choose)
        fields.push({
          number,
          bytes: Buffer.concat([varint(tag, choose), varint(varied.length, choose), varied]),
        })
      }
    } else {
      reader.skipType(tag & 7)
      fields.push({ number, bytes: body.slice(start, reader.pos) })
    }
  }
  return fields
}

/** A singular message may come in parts, which a receiver merges; each element of a list is one message. */
function parts(content: Uint8Array, field: protobuf.Field, choose: Choose): Uint8Array[] {
  if (field.repeated || choose(3) > 0) return [content]
  const reader = protobuf.Reader.create(Buffer.from(content))
  const fieldCount = choose(3)
  for (let i = 0; i < fieldCount && reader.pos < reader.len; i++) reader.skipType(reader.uint32() & 7)
  return [content.slice(0, reader.pos), content.slice(reader.pos)]
}

const unknownFields: readonly Field[] = [
  protobuf.Writer.create()
    .uint32(100 * 8 + 0)
    .uint64(2 ** 52)
    .finish(),
  protobuf.Writer.create()
    .uint32(101 * 8 + 1)
    .double(1)
    .finish(),
  protobuf.Writer.create()
    .uint32(102 * 8 + 2)
    .string('unknown')
    .finish(),
  protobuf.Writer.create()
    .uint32(103 * 8 + 3)
    .uint32(1 * 8)
    .uint32(5)
    .uint32(103 * 8 + 4)
    .finish(),
  protobuf.Writer.create()
    .uint32(20 * 8 + 5)
    .fixed32(1)
    .finish(),
].map((bytes, i) => ({ number: 1000 + i, bytes }))

function withUnknown(fields: Field[], choose: Choose): Field[] {
  const added = choose(4) === 0 ? [unknownFields[choose(unknownFields.length)] as Field] : []
  return [...fields, ...added]
}

/** Any order that keeps fields of the same number in theirs. */
function shuffled(fields: readonly Field[], choose: Choose): Field[] {
  const byNumber = new Map<number, Field[]>()
  for (const field of fields) byNumber.set(field.number, [...(byNumber.get(field.number) ?? []), field])
  const result: Field[] = []
  while (byNumber.size > 0) {
    const number = [...byNumber.keys()][choose(byNumber.size)] as number
    const queue = byNumber.get(number) ?? []
    result.push(queue.shift() as Field)
    if (queue.length === 0) byNumber.delete(number)
  }
  return result
}

/** protobufjs takes tags and lengths of up to five bytes. */
function varint(value: number, choose: Choose): Uint8Array {
  const bytes = [...protobuf.Writer.create().uint32(value).finish()]
  const longer = choose(8) === 0 ? 5 - bytes.length : 0
  for (let i = 0; i < longer; i++) {
    bytes[bytes.length - 1] = (bytes.at(-1) as number) | 0x80
    bytes.push(0)
  }
  return Uint8Array.from(bytes)
}
