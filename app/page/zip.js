// Reading a zip archive (an .npz is one) where it lies: its list, and the beginning of a file in it.

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LONGEST_END = 65_557; // bytes: the record and the longest comment
const LARGEST_LIST = 64 * 2 ** 20; // bytes
const [STORED, DEFLATED] = [0, 8];

/** Returns the files of an archive: `name`, `size` in bytes, and where each lies. */
export async function zipEntries(file) {
  const tail = new DataView(await file.slice(-LONGEST_END).arrayBuffer());
  let at = tail.byteLength - 22;
  while (at >= 0 && tail.getUint32(at, true) !== END) at -= 1;
  if (at < 0) throw new Error("it is no zip archive");
  const [length, start] = [tail.getUint32(at + 12, true), tail.getUint32(at + 16, true)];
  if (start === 0xffffffff || length > LARGEST_LIST) throw new Error("the archive is too large to look into here");
  return entries(new DataView(await file.slice(start, start + length).arrayBuffer()));
}

function entries(list) {
  const found = [];
  const text = new TextDecoder();
  for (let at = 0; at + 46 <= list.byteLength && list.getUint32(at, true) === ENTRY;) {
    const [named, extra, comment] = [28, 30, 32].map(offset => list.getUint16(at + offset, true));
    const name = text.decode(new Uint8Array(list.buffer, list.byteOffset + at + 46, named));
    if (!name.endsWith("/")) {
      found.push({ name, method: list.getUint16(at + 10, true), packed: list.getUint32(at + 20, true),
        size: list.getUint32(at + 24, true), offset: list.getUint32(at + 42, true) });
    }
    at += 46 + named + extra + comment;
  }
  return found;
}

/** Returns the first bytes of a file in an archive, all of them where it has no more than `most`. */
export async function zipRead(file, entry, most) {
  const head = new DataView(await file.slice(entry.offset, entry.offset + 30).arrayBuffer());
  const start = entry.offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  // In a large file the sizes may stand elsewhere; then its end is found by reading on.
  const end = entry.packed === 0xffffffff ? file.size : start + entry.packed;
  if (entry.method === STORED) {
    return new Uint8Array(await file.slice(start, Math.min(end, start + most)).arrayBuffer());
  }
  if (entry.method !== DEFLATED) throw new Error(`${entry.name} is packed in a way that isn't known here`);
  const stream = file.slice(start, end).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return beginning(stream.getReader(), most);
}

/** Returns what a stream begins with; the rest of it is never unpacked. */
async function beginning(reader, most) {
  const whole = new Uint8Array(most);
  let filled = 0;
  while (filled < most) {
    const { done, value } = await reader.read();
    if (done) break;
    const part = value.subarray(0, most - filled);
    whole.set(part, filled);
    filled += part.length;
  }
  reader.cancel().catch(() => {});
  return whole.subarray(0, filled);
}
