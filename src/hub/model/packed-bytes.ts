/**
 * Values one after another in one block of memory. There are no checks: the reader knows what comes,
 * and the writer that it fits.
 */

export const LENGTH_BYTES = 4;
const NUMBER_BYTES = 8;
/** Of UTF-16. */
const CHARACTER_BYTES = 2;
const MAX_ASCII = 0x7f;

const ABSENT = 0xffff_ffff;
/** In the length of a text. */
const IS_UTF16 = 0x8000_0000;

export class PackedBytes {
  /** Where the next value is written or read. */
  position = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
    this.#view = new DataView(this.#bytes.buffer);
  }

  putNumber(value: number): void {
    this.#view.setFloat64(this.position, value, true);
    this.position += NUMBER_BYTES;
  }

  takeNumber(): number {
    const value = this.#view.getFloat64(this.position, true);
    this.position += NUMBER_BYTES;
    return value;
  }

  putLength(value: number): void {
    this.#view.setUint32(this.position, value, true);
    this.position += LENGTH_BYTES;
  }

  takeLength(): number {
    const value = this.#view.getUint32(this.position, true);
    this.position += LENGTH_BYTES;
    return value;
  }

  /** Most texts are short and ASCII: a call into native code would take longer. */
  putText(text: string | undefined | null): void {
    if (text === undefined || text === null) {
      this.putLength(ABSENT);
      return;
    }
    const bytes = this.#bytes;
    const { length } = text;
    const start = this.position + LENGTH_BYTES;
    let bits = 0;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      bytes[start + index] = code;
      bits |= code;
    }
    if (bits > MAX_ASCII) {
      this.#putUtf16(text);
      return;
    }
    this.putLength(length);
    this.position = start + length;
  }

  takeText(): string | undefined {
    const length = this.takeLength();
    if (length === ABSENT) return undefined;
    const isUtf16 = length >= IS_UTF16;
    const bytes = this.#take(isUtf16 ? length - IS_UTF16 : length);
    return bytes.toString(isUtf16 ? "utf16le" : "latin1");
  }

  putBytes(bytes: Uint8Array): void {
    this.putLength(bytes.length);
    this.#bytes.set(bytes, this.position);
    this.position += bytes.length;
  }

  /** A copy. */
  takeBytes(): Buffer {
    return Buffer.from(this.#take(this.takeLength()));
  }

  /** The first bytes of another one, at this position. */
  putStart(other: PackedBytes, length: number): void {
    this.#bytes.set(other.#bytes.subarray(0, length), this.position);
    this.position += length;
  }

  #putUtf16(text: string): void {
    const bytes = Buffer.from(text, "utf16le");
    this.putLength(bytes.length + IS_UTF16);
    this.#bytes.set(bytes, this.position);
    this.position += bytes.length;
  }

  #take(length: number): Buffer {
    const start = this.position;
    this.position += length;
    return Buffer.from(this.#bytes.buffer, start, length);
  }
}

/** At most, with its length. */
export function boundOfText(text: string | undefined | null): number {
  return LENGTH_BYTES + (text?.length ?? 0) * CHARACTER_BYTES;
}
