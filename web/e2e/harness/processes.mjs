/** The programs that the stories drive, each in a folder of its own that goes with it. */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const BINARY =
  process.env.ATELIER_BIN ??
  fileURLToPath(new URL("../../../target/debug/atelier", import.meta.url));

/** How long a program may take to say that it is ready, in milliseconds. */
const STARTING = 30_000;

/** Makes a folder for files of a story. */
export function makeFolder() {
  return mkdtemp(join(tmpdir(), "atelier-e2e-"));
}

/** Removes a folder and all that is in it. */
export function removeFolder(folder) {
  return rm(folder, { recursive: true, force: true });
}

/**
 * Starts the server on a free port with empty data; `config` is the text of its
 * configuration file. `restart` kills it and starts it again over the same data.
 */
export async function startAtelier({ config = "", environment = {} } = {}) {
  const home = await makeFolder();
  const file = join(home, "atelier.toml");
  await writeFile(file, config);
  const start = async (listen) => {
    const places = ["--data", join(home, "data"), "--config", file];
    const program = run(["serve", "--listen", listen, ...places], environment);
    const address = await program.said(/http:\/\/127\.0\.0\.1:\d+/);
    const link = await program.said(/http:\/\/\S+#token=\S+/);
    return { program, address, link };
  };
  let running = await start("127.0.0.1:0");
  const { address, link } = running;
  return {
    address,
    /** The one-time sign-in link. */
    link,
    output: () => running.program.output(),
    restart: async () => {
      await running.program.stop("SIGKILL");
      running = await start(new URL(address).host);
    },
    stop: async () => {
      await running.program.stop("SIGTERM");
      await removeFolder(home);
    },
  };
}

/** Starts the scripted model; see `atelier fake-model --help` for the script. */
export async function startModel(script) {
  const folder = await makeFolder();
  const file = join(folder, "script.json");
  await writeFile(file, JSON.stringify(script));
  const program = run(["fake-model", "--script", file, "--listen", "127.0.0.1:0"]);
  const address = await program.said(/http:\/\/127\.0\.0\.1:\d+\S*/);
  return {
    address,
    stop: async () => {
      await program.stop("SIGTERM");
      await removeFolder(folder);
    },
  };
}

function run(args, environment = {}) {
  const child = spawn(BINARY, args, {
    env: { ...withoutSettings(process.env), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines = [];
  const waiting = new Set();
  const take = (line) => {
    lines.push(line);
    for (const each of waiting) each();
  };
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", take);
  }
  const ended = new Promise((resolve, reject) => {
    child.on("exit", (code, signal) => resolve({ code, signal }));
    child.on("error", reject);
  });
  const output = () => lines.join("\n");
  const said = (pattern) =>
    new Promise((resolve, reject) => {
      const fail = (why) => {
        end();
        reject(new Error(`${BINARY} ${args[0]} ${why}; it said:\n${output()}`));
      };
      const look = () => {
        const found = pattern.exec(output());
        if (!found) return;
        end();
        resolve(found[0]);
      };
      const timer = setTimeout(() => fail(`did not say ${pattern} in time`), STARTING);
      const end = () => {
        clearTimeout(timer);
        waiting.delete(look);
      };
      waiting.add(look);
      ended.then(
        () => fail("ended early"),
        (error) => fail(error.message),
      );
      look();
    });
  return {
    said,
    output,
    stop: async (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

/** The environment without what would set the server up in another way. */
function withoutSettings(environment) {
  const entries = Object.entries(environment).filter(([name]) => !name.startsWith("ATELIER_"));
  return Object.fromEntries(entries);
}
