import type { Provider, System, Workspace } from "@/api/schema";

/** Things as the server sends them, for tests to change where it matters. */

let made = 0;

/** An id that no other call gives. */
export function sampleId(): string {
  made += 1;
  return `0199a4f2-6f3e-7c11-9d55-${made.toString(16).padStart(12, "0")}`;
}

export function sampleWorkspace(change: Partial<Workspace> = {}): Workspace {
  return {
    id: sampleId(),
    ownerId: "0199a4f2-0000-7000-8000-0000000000aa",
    name: "Shop",
    defaultModel: null,
    createdAt: "2026-11-01T08:00:00Z",
    updatedAt: "2026-11-21T08:00:00Z",
    archivedAt: null,
    settings: { limits: {} },
    ...change,
  };
}

export function sampleProvider(change: Partial<Provider> = {}): Provider {
  return {
    id: sampleId(),
    name: "OpenAI",
    baseUrl: "https://api.openai.com/v1",
    wire: "openai_chat",
    local: false,
    model: "gpt-5.1",
    hasKey: true,
    fromEnvironment: false,
    inputUsdPerMillion: "1.25",
    outputUsdPerMillion: "10",
    ...change,
  };
}

export function sampleSystem(change: Partial<System["isolation"]> = {}): System {
  return {
    version: "0.1.0",
    database: "sqlite",
    isolation: {
      ready: true,
      reason: null,
      layers: [
        {
          name: "User namespaces",
          state: "active",
          detail: "Runs have users and processes of their own.",
          fix: null,
        },
        {
          name: "Resource limits",
          state: "weaker",
          detail: "cgroup v1: processor time is limited for the group, not for each run.",
          fix: "systemd.unified_cgroup_hierarchy=1",
        },
      ],
      ...change,
    },
    limits: {
      timeoutMs: 60_000,
      memoryBytes: 2 * 1024 ** 3,
      cpuPercent: 200,
      pids: 256,
      outputBytes: 8 * 1024 ** 2,
      diskBytes: 4 * 1024 ** 3,
    },
    longestTimeoutMs: 86_400_000,
    runtimes: [{ language: "python", command: "python3", extensions: ["py"] }],
  };
}
