import type { Denial, DraftDetail, Grant, Terminal } from "@/api/schema";
import { type FakeApi, Refusal } from "./fakeApi.ts";
import { WORKSPACE } from "./sampleProject.ts";
import { sampleId } from "./samples.ts";

const MINUTE = 60_000;
const OWNER = "0199a4f2-0000-7000-8000-0000000000aa";
const at = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString();

/** A cell at work: terminals, a server, some network, a draft. */
export function addCell(api: FakeApi): void {
  let isRunning = true;
  const stopped = { state: "stopped" as const, processes: [], ports: [], weaker: [] };
  api
    .on("get", "/api/workspaces/{id}/cell", () => (isRunning ? CELL : stopped) as never)
    .on("post", "/api/workspaces/{id}/cell/stop", () => {
      isRunning = false;
      return undefined;
    })
    .on("post", "/api/workspaces/{id}/ports/{port}/open", ({ path }) => ({
      url: `http://${path.port}--${path.id}.localhost:1/.atelier/enter?token=t`,
    }));
  addTerminals(api);
  addNetwork(api);
  addDrafts(api);
}

const CELL = {
  state: "running",
  ageMs: 754_000,
  memoryBytes: 187_400_000,
  cpuMs: 8_420,
  processes: [
    { pid: 7, command: "bash", memoryBytes: 4_100_000 },
    { pid: 12, command: "node node_modules/.bin/vite --port 5173", memoryBytes: 148_000_000 },
    { pid: 31, command: "python3 -m http.server 8000", memoryBytes: 19_300_000 },
  ],
  ports: [
    { port: 5173, program: "node", url: "http://5173--w.localhost:1" },
    { port: 8000, program: "python3", url: "http://8000--w.localhost:1" },
  ],
  weaker: ["no cgroup controllers are delegated, so memory is watched instead of limited"],
};

function addTerminals(api: FakeApi): void {
  const make = (title: string, change: Partial<Terminal> = {}): Terminal => ({
    id: sampleId(),
    workspaceId: WORKSPACE,
    title,
    columns: 80,
    rows: 24,
    state: "running",
    exitCode: null,
    signal: null,
    reason: null,
    createdAt: at(12),
    endedAt: null,
    ...change,
  });
  const terminals = [
    make("build", { state: "ended", exitCode: 2, endedAt: at(3) }),
    make("dev server"),
  ];
  const missing = () => new Refusal(404, "not_found", "There is no such thing here.");
  api
    .on("get", "/api/workspaces/{id}/terminals", () => ({ items: terminals }))
    .on("post", "/api/workspaces/{id}/terminals", () => {
      const terminal = make(`Terminal ${terminals.length + 1}`);
      terminals.push(terminal);
      return terminal;
    })
    .on("patch", "/api/terminals/{id}", ({ path, body }) => {
      const terminal = terminals.find(({ id }) => id === path.id);
      if (!terminal) return missing();
      terminal.title = body.title;
      return terminal;
    })
    .on("delete", "/api/terminals/{id}", ({ path }) => {
      const index = terminals.findIndex(({ id }) => id === path.id);
      terminals.splice(index, index < 0 ? 0 : 1);
      return undefined;
    });
}

function addNetwork(api: FakeApi): void {
  const grants: Grant[] = [
    {
      id: sampleId(),
      action: "network",
      resource: "registries",
      createdBy: OWNER,
      createdAt: at(300),
      until: null,
    },
    {
      id: sampleId(),
      action: "network",
      resource: "*.example.org",
      createdBy: OWNER,
      createdAt: at(8),
      until: at(-52),
    },
  ];
  const denials: Denial[] = [
    { host: "api.github.com", port: 443, count: 3, lastAt: at(1), resource: "api.github.com" },
    { host: "db.shop.test", port: 5432, count: 1, lastAt: at(40), resource: "db.shop.test:5432" },
  ];
  api
    .on("get", "/api/workspaces/{id}/grants", () => ({ items: grants }))
    .on("post", "/api/workspaces/{id}/grants", ({ body }) => {
      const grant: Grant = {
        id: sampleId(),
        action: "network",
        resource: body.resource,
        createdBy: OWNER,
        createdAt: at(0),
        until: body.until ?? null,
      };
      grants.push(grant);
      const gone = denials.findIndex(({ resource }) => resource === grant.resource);
      if (gone >= 0) denials.splice(gone, 1);
      return grant;
    })
    .on("delete", "/api/grants/{id}", ({ path }) => {
      const index = grants.findIndex(({ id }) => id === path.id);
      grants.splice(index, index < 0 ? 0 : 1);
      return undefined;
    })
    .on("get", "/api/workspaces/{id}/network/denials", () => ({ items: denials }));
}

function addDrafts(api: FakeApi): void {
  const draft: DraftDetail = {
    id: sampleId(),
    workspaceId: WORKSPACE,
    state: "open",
    shareCaches: false,
    proposalId: null,
    stoodOn: [
      { path: "shop/cart.py", hash: "0", changed: false },
      { path: "shop/price.py", hash: "1", changed: true },
    ],
    reads: "observed",
    createdAt: at(4),
    createdBy: OWNER,
    changes: [
      { path: "shop/price.py", kind: "modify" },
      { path: "shop/rounding.py", kind: "create" },
      { path: "docs/prices.md", from: "docs/price-list.md", kind: "rename" },
    ],
    stale: ["shop/price.py"],
  };
  api
    .on("get", "/api/workspaces/{id}/drafts", () => ({ items: [draft] }))
    .on("get", "/api/drafts/{id}", () => draft)
    .on("delete", "/api/drafts/{id}", () => {
      draft.state = "discarded";
      return undefined;
    });
}
