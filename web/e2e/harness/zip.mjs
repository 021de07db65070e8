/** Makes a zip archive of a few small files, without compression. */
import { crc32 } from "node:zlib";

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;

/** The bytes of an archive with these texts, by name. */
export function zipOf(texts) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, text] of Object.entries(texts)) {
    const path = Buffer.from(name);
    const data = Buffer.from(text);
    const facts = factsOf(path, data);
    const local = Buffer.concat([number(LOCAL, 4), facts, number(0, 2), path, data]);
    directory.push(
      Buffer.concat([
        number(CENTRAL, 4),
        number(20, 2),
        facts,
        Buffer.alloc(12),
        number(offset, 4),
        path,
      ]),
    );
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const count = number(directory.length, 2);
  const end = Buffer.concat([
    number(END, 4),
    Buffer.alloc(4),
    count,
    count,
    number(central.length, 4),
    number(offset, 4),
    number(0, 2),
  ]);
  return Buffer.concat([...parts, central, end]);
}

/** What both headers say of a file: version, flags (UTF-8), method, time, sum, sizes, name. */
function factsOf(path, data) {
  return Buffer.concat([
    number(20, 2),
    number(0x0800, 2),
    number(0, 2),
    number(0, 2),
    number(0x5821, 2),
    number(crc32(data), 4),
    number(data.length, 4),
    number(data.length, 4),
    number(path.length, 2),
  ]);
}

function number(value, bytes) {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, bytes);
  return buffer;
}
