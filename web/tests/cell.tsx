import type { Cell, Terminal } from "@/api/schema";
import type { FakeApi } from "./fakeApi";
import { projectApi } from "./parts";
import { sampleId } from "./samples";

/** What the tests of terminals, previews and the network share. */

const NOW = "2026-11-21T08:00:00Z";

export function sampleCell(change: Partial<Cell> = {}): Cell {
  return {
    state: "running",
    ageMs: 61_000,
    memoryBytes: 42 * 1024 * 1024,
    cpuMs: 900,
    processes: [{ pid: 7, command: "python3 -m http.server 8000", memoryBytes: 1024 * 1024 }],
    ports: [],
    weaker: [],
    ...change,
  };
}

export function sampleTerminal(change: Partial<Terminal> = {}): Terminal {
  return {
    id: sampleId(),
    workspaceId: "",
    title: "Terminal 1",
    columns: 80,
    rows: 24,
    state: "running",
    exitCode: null,
    signal: null,
    reason: null,
    createdAt: NOW,
    endedAt: null,
    ...change,
  };
}

/** A server with a workspace whose cell is at rest. */
export function cellApi(cell: Cell = sampleCell({ state: "stopped", processes: [] })): {
  api: FakeApi;
  workspaceId: string;
} {
  const { api, workspaceId } = projectApi();
  api
    .on("get", "/api/workspaces/{id}/cell", () => cell)
    .on("get", "/api/workspaces/{id}/terminals", () => ({ items: [] }))
    .on("get", "/api/workspaces/{id}/grants", () => ({ items: [] }))
    .on("get", "/api/workspaces/{id}/network/denials", () => ({ items: [] }))
    .on("get", "/api/workspaces/{id}/drafts", () => ({ items: [] }));
  return { api, workspaceId };
}
