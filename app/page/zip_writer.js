// A zip of files that are stored as they are: images are packed already. No file is held in memory:
// each is read once for its checksum, and the archive is a blob that refers to them where they lie.

const [FILE, ENTRY, END] = [0x04034b50, 0x02014b50, 0x06054b50];
const [VERSION, UTF8, FIRST_DAY] = [20, 0x0800, 0x21];
export const MOST_FILES = 65_534; // of an archive without the extension for large ones
export const MOST_BYTES = 2 ** 32 - 2 ** 24; // likewise, and the list needs room

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** Returns the archive of `{path, file}`; `told` hears after each how many are in it. */
export async function zipOf(files, told, signal) {
  const [parts, list] = [[], []];
  let offset = 0;
  for (const [number, { path, file }] of files.entries()) {
    signal.throwIfAborted();
    const name = new TextEncoder().encode(path);
    const checksum = crc32(await bytesOf(path, file));
    const about = [VERSION, UTF8, 0, 0, FIRST_DAY];
    const head = record([[FILE], about, [checksum, file.size, file.size], [name.length, 0]]);
    parts.push(head, name, file);
    list.push(record([[ENTRY], [VERSION, ...about], [checksum, file.size, file.size],
      [name.length, 0, 0, 0, 0], [0, offset]]), name);
    offset += head.byteLength + name.length + file.size;
    told(number + 1);
  }
  const length = list.reduce((sum, one) => sum + one.byteLength, 0);
  const end = record([[END], [0, 0, files.length, files.length], [length, offset], [0]]);
  return new Blob([...parts, ...list, end], { type: "application/zip" });
}

/** Returns groups of numbers one after the other: of four bytes, then of two, and so on in turns. */
function record(groups) {
  const bytes = [];
  groups.forEach((group, place) => group.forEach(number => {
    for (let byte = 0; byte < (place % 2 ? 2 : 4); byte += 1) bytes.push((number >>> (8 * byte)) & 255);
  }));
  return Uint8Array.from(bytes);
}

function crc32(bytes) {
  let value = 0xffffffff;
  for (let at = 0; at < bytes.length; at += 1) value = TABLE[(value ^ bytes[at]) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

async function bytesOf(path, file) {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new Error(`${path} can't be read`);
  }
}
