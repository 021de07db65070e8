import type { Call, LocalModel, Model, Provider, System, Workspace } from "@/api/schema";

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
    wire: "openai_responses",
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

export function sampleModel(change: Partial<Model> = {}): Model {
  return {
    providerId: sampleId(),
    provider: "OpenAI",
    model: "gpt-5.1",
    wire: "openai_responses",
    local: false,
    configured: true,
    contextTokens: 400_000,
    maxOutputTokens: 128_000,
    images: true,
    tools: true,
    reasoning: true,
    fim: null,
    inputUsdPerMillion: "1.25",
    outputUsdPerMillion: "10",
    cachedInputUsdPerMillion: "0.125",
    cacheWriteUsdPerMillion: null,
    priceSource: "published",
    priceDate: "2026-11-20",
    firstTokenMs: 640,
    latencyMs: 4_200,
    unreachable: false,
    ...change,
  };
}

export function sampleLocalModel(change: Partial<LocalModel> = {}): LocalModel {
  return {
    model: "Qwen2.5-Coder-1.5B-Instruct",
    license: "Apache-2.0",
    weights: "absent",
    helper: "ready",
    usable: false,
    sizeBytes: 1_117_320_736,
    receivedBytes: 0,
    checkedBytes: 0,
    sha256: "5f1c".repeat(16),
    source: "https://models.example.org/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    failure: null,
    helperFailure: null,
    build: {
      state: "unavailable",
      step: null,
      percent: null,
      line: null,
      packages: [],
      command: null,
      installable: false,
      failure: null,
    },
    hint: "Get it here: what is missing is fetched and built. `atelier model pull` fetches its weights as well.",
    ...change,
  };
}

export function sampleCall(change: Partial<Call> = {}): Call {
  return {
    id: sampleId(),
    workspaceId: null,
    conversationId: null,
    turnId: null,
    tokenId: null,
    replacesId: null,
    task: "chat",
    providerId: null,
    provider: "OpenAI",
    model: "gpt-5.1",
    wire: "openai_responses",
    local: false,
    reason: "It is the first of your models that fits.",
    state: "done",
    stopReason: "stop",
    inputTokens: 4_120,
    cachedInputTokens: 1_024,
    cacheWriteTokens: 0,
    outputTokens: 380,
    reasoningTokens: 64,
    measured: true,
    costUsd: "0.0078",
    reservedUsd: null,
    reservedTokens: 0,
    firstTokenMs: 640,
    latencyMs: 4_200,
    error: null,
    createdAt: "2026-11-21T08:00:00Z",
    ...change,
  };
}
