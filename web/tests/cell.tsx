import type { Terminal } from "@/api/schema";
import type { FakeApi } from "./fakeApi";
import { projectApi } from "./parts";
import { sampleId } from "./samples";

/** What the tests of terminals, previews and the network share. */

const NOW = "2026-11-21T08:00:00Z";

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
export function cellApi(): {
  api: FakeApi;
  workspaceId: string;
} {
  const { api, workspaceId } = projectApi();
  api.on("get", "/api/workspaces/{id}/terminals", () => ({ items: [] }));
  return { api, workspaceId };
}
