import type { Budget, LocalModel, Model, ModelDefaults } from "@/api/schema";
import type { FakeApi } from "./fakeApi.ts";
import { WORKSPACE } from "./sampleProject.ts";
import { sampleCall, sampleId, sampleLocalModel, sampleModel, sampleProvider } from "./samples.ts";

const MINUTE = 60_000;
const at = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString();

const HERE = sampleProvider({
  name: "Qwen3 Coder, here",
  baseUrl: "http://127.0.0.1:11434/v1",
  wire: "openai_chat",
  local: true,
  model: "qwen3-coder:30b",
  hasKey: false,
  fromEnvironment: true,
  inputUsdPerMillion: null,
  outputUsdPerMillion: null,
});
const OPENAI = sampleProvider();

const MODELS: Model[] = [
  sampleModel({
    providerId: HERE.id,
    provider: HERE.name,
    model: HERE.model,
    wire: "openai_chat",
    local: true,
    contextTokens: 262_144,
    maxOutputTokens: null,
    images: false,
    reasoning: false,
    fim: true,
    inputUsdPerMillion: null,
    outputUsdPerMillion: null,
    priceSource: "local",
    priceDate: null,
  }),
  sampleModel({ providerId: OPENAI.id }),
  sampleModel({
    providerId: OPENAI.id,
    model: "gpt-5.1-mini",
    configured: false,
    inputUsdPerMillion: "0.25",
    outputUsdPerMillion: "2",
    priceSource: "person",
    priceDate: null,
    firstTokenMs: null,
  }),
  sampleModel({
    providerId: OPENAI.id,
    model:
      "an-experimental-model-with-a-name-that-goes-on-for-longer-than-a-phone-is-wide-2026-11-21",
    configured: false,
    contextTokens: null,
    images: null,
    tools: null,
    reasoning: null,
    inputUsdPerMillion: null,
    outputUsdPerMillion: null,
    priceSource: "unknown",
    priceDate: null,
    firstTokenMs: null,
    unreachable: true,
  }),
];

/** Models, what they may use and who may ask them, of a server that is in use. */
export function addGateway(api: FakeApi): void {
  addModels(api);
  addLocalModel(api);
  addBudgets(api);
  addKeys(api);
  addCalls(api);
}

function addModels(api: FakeApi): void {
  let defaults: ModelDefaults = {
    offline: false,
    tasks: [
      { task: "edit", prefer: "order", models: [{ providerId: OPENAI.id, model: "gpt-5.1" }] },
      { task: "complete", prefer: "local", models: [] },
      { task: "summarise", prefer: "cheapest", models: [] },
      { task: "commit_message", prefer: "cheapest", models: [] },
    ],
  };
  api
    .on("get", "/api/providers", () => ({ items: [HERE, OPENAI] }))
    .on("post", "/api/providers/{id}/check", ({ path }) =>
      path.id === HERE.id
        ? {
            ok: false,
            detail: "Nothing answers at http://127.0.0.1:11434/v1.",
            hint: "Start Ollama, then test again.",
            models: [],
            kind: null,
          }
        : {
            ok: true,
            detail: "gpt-5.1 answered.",
            hint: null,
            models: ["gpt-5.1", "gpt-5.1-mini"],
            kind: "openai",
          },
    )
    .on("get", "/api/models", () => ({ items: MODELS }))
    .on("put", "/api/providers/{id}/models/{model}", () => MODELS[1] ?? sampleModel())
    .on("get", "/api/models/defaults", () => defaults)
    .on("put", "/api/models/defaults", ({ body }) => {
      defaults = body;
      return defaults;
    })
    .on("post", "/api/models/route", ({ body }) => {
      const candidate = (model: Model, fits: boolean, reason: string) => ({
        providerId: model.providerId,
        provider: model.provider,
        model: model.model,
        local: model.local,
        fits,
        reason,
        mostUsd: null,
      });
      const [here, gpt, mini] = MODELS as [Model, Model, Model];
      const isCheap = body.task === "summarise" || body.task === "commit_message";
      const chosen =
        body.task === "complete"
          ? candidate(here, true, "It runs on your own hardware; complete goes there first.")
          : isCheap
            ? candidate(here, true, "It is the cheapest that fits; summarise goes to that.")
            : candidate(gpt, true, "It is the first of your models that fits.");
      return {
        chosen,
        candidates: [
          chosen,
          candidate(mini, false, "It could cost $0.41, and the budget has $0.12 left."),
        ],
        offline: defaults.offline,
        leftUsd: "4.81",
        leftTokens: null,
      };
    });
}

/** How much of it comes with each look, in bytes. */
const STEP = 90_000_000;

function addLocalModel(api: FakeApi): void {
  const { build } = sampleLocalModel();
  let local: LocalModel = sampleLocalModel({
    helper: "missing",
    build: { ...build, state: "idle" },
  });
  api
    .on("get", "/api/models/local", () => {
      if (local.weights === "downloading") {
        const receivedBytes = Math.min(local.sizeBytes, local.receivedBytes + STEP);
        const weights = receivedBytes === local.sizeBytes ? "ready" : "downloading";
        local = { ...local, receivedBytes, weights };
      }
      return local;
    })
    .on("post", "/api/models/local/pull", ({ query }) => {
      const agreed = query.get("installPackages") === "true";
      local = { ...local, weights: "downloading", build: agreed ? BUILDING : NEEDS_PACKAGES };
      return local;
    })
    .on("delete", "/api/models/local/pull", () => {
      local = {
        ...local,
        weights: "absent",
        receivedBytes: 0,
        build: { ...build, state: "idle" },
      };
      return undefined;
    });
}

const NEEDS_PACKAGES: LocalModel["build"] = {
  state: "needsPackages",
  packages: ["cmake", "clang", "libclang-dev"],
  command: "apt-get install --no-install-recommends cmake clang libclang-dev",
  installable: true,
};

const BUILDING: LocalModel["build"] = {
  state: "running",
  step: "Compiling llama.cpp",
  percent: 45,
  line: "[ 48%] Building CXX object src/CMakeFiles/llama.dir/llama-model-loader.cpp.o",
  packages: [],
  installable: false,
};

function addBudgets(api: FakeApi): void {
  const budget = (change: Partial<Budget>): Budget => ({
    id: sampleId(),
    scope: "user",
    subjectId: null,
    period: "month",
    limitUsd: "20",
    limitTokens: null,
    spent: { usedUsd: "15.19", reservedUsd: "0.84", usedTokens: 812_400, reservedTokens: 9_120 },
    resetsAt: "2026-12-01T00:00:00Z",
    createdAt: at(20_000),
    ...change,
  });
  const items = [
    budget({}),
    budget({
      scope: "workspace",
      subjectId: WORKSPACE,
      period: "day",
      limitUsd: "1",
      limitTokens: 1_000_000,
      spent: { usedUsd: "0.96", reservedUsd: "0.04", usedTokens: 61_000, reservedTokens: 0 },
      resetsAt: "2026-11-22T00:00:00Z",
    }),
    budget({ scope: "turn", period: "total", limitUsd: "0.5", spent: null, resetsAt: null }),
  ];
  api
    .on("get", "/api/budgets", () => ({ items }))
    .on("post", "/api/budgets", ({ body }) => {
      const made = budget({ ...body, spent: null });
      items.push(made);
      return made;
    })
    .on("delete", "/api/budgets/{id}", ({ path }) => {
      items.splice(
        items.findIndex(({ id }) => id === path.id),
        1,
      );
      return undefined;
    });
}

function addKeys(api: FakeApi): void {
  const token = (name: string, change: object = {}) => ({
    id: sampleId(),
    name,
    ending: "9f3c",
    workspaceId: null,
    models: null,
    createdAt: at(9_000),
    expiresAt: null,
    lastUsedAt: null,
    ...change,
  });
  const tokens = [
    token("Editor on my laptop", { lastUsedAt: at(4), workspaceId: WORKSPACE }),
    token("Nightly summaries", { models: ["gpt-5.1-mini"], expiresAt: at(60) }),
  ];
  const secret = (name: string, workspaceId: string | null = null) => ({
    id: sampleId(),
    name,
    workspaceId,
    createdAt: at(3_000),
  });
  const secrets = [
    secret("DEPLOY_KEY"),
    secret("STRIPE_TEST_KEY"),
    secret("DATABASE_PASSWORD", WORKSPACE),
  ];
  api
    .on("get", "/api/tokens", () => ({ items: tokens }))
    .on("post", "/api/tokens", ({ body }) => {
      const made = token(body.name);
      tokens.push(made);
      return { token: made, secret: "atl_token_Zk3vQ8sXnB1rT6yHqJ0wUe5cMfPaLdGo9iKz2xNvRb4" };
    })
    .on("get", "/api/secrets", () => ({ items: secrets }))
    .on("post", "/api/secrets", ({ body }) => {
      const made = secret(body.name, body.workspaceId ?? null);
      secrets.push(made);
      return made;
    });
}

function addCalls(api: FakeApi): void {
  const items = [
    sampleCall({
      state: "running",
      costUsd: null,
      reservedUsd: "0.84",
      latencyMs: null,
      createdAt: at(0),
    }),
    sampleCall({
      createdAt: at(2),
      replacesId: sampleId(),
      reason: "It took over: OpenAI was busy.",
    }),
    sampleCall({
      task: "commit_message",
      provider: HERE.name,
      model: HERE.model,
      local: true,
      reason: "It is the cheapest that fits; commit message goes to that.",
      costUsd: "0",
      measured: false,
      createdAt: at(14),
    }),
    sampleCall({
      state: "failed",
      model: "an-experimental-model-with-a-name-that-goes-on-for-longer-than-a-phone-is-wide",
      costUsd: null,
      error: "The provider answered with 503: the engine is overloaded.",
      createdAt: at(90),
    }),
  ];
  api.on("get", "/api/calls", () => ({ items, nextCursor: null }));
}
