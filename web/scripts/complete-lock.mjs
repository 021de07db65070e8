// Completes package-lock.json with the optional packages of other platforms.
//
// A registry that doesn't carry every platform's package makes `npm install`
// leave those out of the lock file, and `npm ci` then refuses the file, on
// every machine. Run this after `npm install` changed the lock file:
// `npm run lock`. Entries that npm knows are left as they are.
import { readFile, writeFile } from "node:fs/promises";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(await readFile(file, "utf8"));

const systems = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
];
const processors = [
  "arm64",
  "arm",
  "ia32",
  "loong64",
  "mips64el",
  "ppc64",
  "riscv64",
  "s390x",
  "wasm32",
  "x64",
];

/** Reads the platform from a package's name, such as `…/cli-linux-arm64-musl`. */
function platformOf(name) {
  const words = name.split(/[^a-z0-9]+/);
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter((processor) => words.includes(processor));
  const libc = words.includes("musl") ? ["musl"] : words.includes("gnu") ? ["glibc"] : undefined;
  return { ...(os.length > 0 && { os }), ...(cpu.length > 0 && { cpu }), ...(libc && { libc }) };
}

let added = 0;
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`;
    const platform = platformOf(name);
    // Only exact versions for a named platform: others npm has to resolve.
    if (lock.packages[place] || !/^\d/.test(version) || Object.keys(platform).length === 0)
      continue;
    lock.packages[place] = {
      version,
      ...(entry.dev && { dev: true }),
      optional: true,
      ...platform,
    };
    added += 1;
  }
}

if (added > 0) {
  const packages = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
  lock.packages = Object.fromEntries(packages);
  await writeFile(file, `${JSON.stringify(lock, null, 2)}\n`);
}
console.log(`${added} packages of other platforms added to package-lock.json`);
