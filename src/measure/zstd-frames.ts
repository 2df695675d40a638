import { Failure } from "../failure.ts";

/** RFC 8878 §3.1.1: 0xFD2FB528, little-endian. */
const FRAME_MAGIC = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);
/** RFC 8878 §3.1.2: 0x184D2A50 to 0x184D2A5F, little-endian. */
const SKIPPABLE_MAGIC = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18);
/** RFC 8878 §3.1.1.1.1: bytes of the content size and of the dictionary's number, by their flags. */
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;

/** Parts that are read whole, with their lengths in bytes; the others are passed over. */
const READ = { magic: 4, "skip-size": 4, descriptor: 1, block: 3 } as const;
type ReadPart = keyof typeof READ;
type Part = ReadPart | "skip" | "rest" | "content" | "checksum";

const isRead = (part: Part): part is ReadPart => part in READ;

/**
 * Finds where the frames of a zstd stream end (RFC 8878 §3.1).
 *
 * Layers hold several frames (zstd:chunked makes one for every file) and skippable ones. Node's decompressor stops
 * silently after a frame, unless the next one comes in a write of its own: this class cuts the stream accordingly.
 */
export class ZstdFrames {
  #part: Part = "magic";
  readonly #head = new Uint8Array(4);
  /** Bytes in {@link #head}. */
  #have = 0;
  /** Bytes still to be passed over. */
  #left = 0;
  #isLastBlock = false;
  #hasChecksum = false;
  #frames = 0;

  /**
   * The bytes of `chunk` that belong to frames with content, in pieces of which none crosses the end of a frame.
   *
   * @throws measure/malformed-layer
   */
  *split(chunk: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < chunk.length;) {
      const from = at;
      if (this.#isInFrame()) {
        while (at < chunk.length && this.#isInFrame()) at += this.#advance(chunk, at);
        yield chunk.subarray(from, at);
      } else {
        at += this.#advance(chunk, at);
        if (this.#isInFrame()) yield FRAME_MAGIC;
      }
    }
  }

  /** @throws measure/malformed-layer where the last frame is cut short, or there is none */
  finish(): void {
    if (this.#part !== "magic" || this.#have > 0) throw malformed("a zstd frame that is cut short");
    if (this.#frames === 0) throw malformed("no zstd frame");
  }

  #isInFrame(): boolean {
    return this.#part !== "magic" && this.#part !== "skip-size" && this.#part !== "skip";
  }

  /** Reads or passes over what `chunk` has of the current part from `at`; returns how many bytes that was. */
  #advance(chunk: Uint8Array, at: number): number {
    const part = this.#part;
    if (!isRead(part)) {
      const length = Math.min(this.#left, chunk.length - at);
      this.#passOver(part, this.#left - length);
      return length;
    }
    const length = Math.min(READ[part] - this.#have, chunk.length - at);
    this.#head.set(chunk.subarray(at, at + length), this.#have);
    this.#have += length;
    if (this.#have === READ[part]) {
      this.#have = 0;
      this.#read(part);
    }
    return length;
  }

  #read(part: ReadPart): void {
    const [a = 0, b = 0, c = 0, d = 0] = this.#head;
    switch (part) {
      case "magic":
        this.#part = partAfterMagic(this.#head);
        break;
      case "skip-size":
        this.#passOver("skip", a + b * 2 ** 8 + c * 2 ** 16 + d * 2 ** 24);
        break;
      case "descriptor":
        this.#readDescriptor(a);
        break;
      case "block":
        this.#isLastBlock = (a & 1) === 1;
        // A run-length block is one byte, whatever its size says.
        this.#passOver("content", ((a >> 1) & 3) === 1 ? 1 : (a >> 3) + b * 2 ** 5 + c * 2 ** 13);
    }
  }

  #readDescriptor(descriptor: number): void {
    const isSingleSegment = ((descriptor >> 5) & 1) === 1;
    const contentSizeFlag = descriptor >> 6;
    if ((descriptor & 3) !== 0) throw malformed("a zstd frame that needs a dictionary");
    this.#hasChecksum = ((descriptor >> 2) & 1) === 1;
    const contentSizeBytes = isSingleSegment && contentSizeFlag === 0 ? 1 : (CONTENT_SIZE_BYTES[contentSizeFlag] ?? 0);
    this.#passOver("rest", (isSingleSegment ? 0 : 1) + contentSizeBytes);
  }

  #passOver(part: Exclude<Part, ReadPart>, left: number): void {
    this.#part = part;
    this.#left = left;
    if (left > 0) return;
    if (part === "rest" || (part === "content" && !this.#isLastBlock)) this.#part = "block";
    else if (part === "content" && this.#hasChecksum) this.#passOver("checksum", 4);
    else {
      if (part !== "skip") this.#frames += 1;
      this.#part = "magic";
    }
  }
}

function partAfterMagic(magic: Uint8Array): "descriptor" | "skip-size" {
  const isMagic = (wanted: Uint8Array, from: number) =>
    wanted.subarray(from).every((byte, at) => byte === magic[from + at]);
  if (isMagic(FRAME_MAGIC, 0)) return "descriptor";
  // Any of the sixteen first bytes 0x50 to 0x5F marks a skippable frame.
  if ((magic[0] ?? 0) >> 4 === 5 && isMagic(SKIPPABLE_MAGIC, 1)) return "skip-size";
  throw malformed("something that is no zstd frame");
}

const malformed = (what: string): Failure => new Failure("measure/malformed-layer", `the layer has ${what}`);
