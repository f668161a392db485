/** @file A protocol-buffers writer: just the wire format (varint, fixed32, length-delimited), nothing generated. */

/** A message under construction, as a list of byte chunks; nested messages and tensor data are not copied until the end. */
export class MessageWriter {
  private readonly chunks: Uint8Array[] = [];
  private bytes = 0;

  /** The encoded length so far. */
  get length(): number {
    return this.bytes;
  }

  private push(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.bytes += chunk.byteLength;
  }

  private tag(field: number, wireType: number): void {
    this.push(varint(field * 8 + wireType));
  }

  /** An integer field (int32, int64, enum); negative numbers as 64-bit two's complement. */
  integer(field: number, value: number): void {
    this.tag(field, 0);
    this.push(varint(value));
  }

  /** A float field. */
  float(field: number, value: number): void {
    this.tag(field, 5);
    const chunk = new Uint8Array(4);
    new DataView(chunk.buffer).setFloat32(0, value, true);
    this.push(chunk);
  }

  /** A bytes field; the array is kept, not copied. */
  data(field: number, value: Uint8Array): void {
    this.tag(field, 2);
    this.push(varint(value.byteLength));
    this.push(value);
  }

  /** A string field. */
  text(field: number, value: string): void {
    this.data(field, new TextEncoder().encode(value));
  }

  /** A packed repeated integer field. */
  integers(field: number, values: readonly number[]): void {
    const packed = values.map(varint);
    this.tag(field, 2);
    this.push(varint(packed.reduce((sum, chunk) => sum + chunk.byteLength, 0)));
    for (const chunk of packed) this.push(chunk);
  }

  /** A nested message. */
  message(field: number, fill: (nested: MessageWriter) => void): void {
    const nested = new MessageWriter();
    fill(nested);
    this.tag(field, 2);
    this.push(varint(nested.bytes));
    for (const chunk of nested.chunks) this.push(chunk);
  }

  /** All bytes in one array. */
  finish(): Uint8Array {
    const out = new Uint8Array(this.bytes);
    let at = 0;
    for (const chunk of this.chunks) {
      out.set(chunk, at);
      at += chunk.byteLength;
    }
    return out;
  }
}

/** Base-128 encoding of an integer within ±2⁵³. */
function varint(value: number): Uint8Array {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 128n) {
    out.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  out.push(Number(rest));
  return Uint8Array.from(out);
}
