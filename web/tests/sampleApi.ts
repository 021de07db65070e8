import type { UsageRow } from "@/api/schema";
import { Events, FakeApi, Refusal } from "./fakeApi.ts";
import { addCell } from "./sampleCell.ts";
import { addGateway } from "./sampleGateway.ts";
import { addProject, WORKSPACE } from "./sampleProject.ts";
import { sampleId, sampleSystem, sampleWorkspace } from "./samples.ts";

const HOUR = 3_600_000;

/** A server that somebody has used for a while. */
export function sampleApi(): FakeApi {
  const user = { id: "0199a4f2-0000-7000-8000-0000000000aa", name: "Owner" };
  const api = new FakeApi()
    .on("get", "/api/session", () => ({ user }))
    .on("post", "/api/session", ({ body }) =>
      body.token === "good"
        ? { user }
        : new Refusal(401, "sign_in_link_invalid", "The sign-in link is wrong, used or expired."),
    )
    .on("delete", "/api/session", () => undefined)
    .on("get", "/api/system", () => sampleSystem({ layers: LAYERS }))
    .on("get", "/api/runtimes", () => ({ items: RUNTIMES }))
    .on("get", "/api/usage", ({ query }) => usageBy(query.get("groupBy") ?? "day"));
  addWorkspaces(api);
  addProject(api);
  addGateway(api);
  addCell(api);
  return api;
}

function addWorkspaces(api: FakeApi): void {
  const at = (hours: number) => new Date(Date.now() - hours * HOUR).toISOString();
  const all = [
    sampleWorkspace({ id: WORKSPACE, name: "Shop", updatedAt: at(0.001) }),
    sampleWorkspace({ name: "Invoices and reminders", updatedAt: at(3) }),
    sampleWorkspace({ name: "garden-sensor", updatedAt: at(30) }),
    sampleWorkspace({ name: "Thesis figures", updatedAt: at(24 * 9) }),
    sampleWorkspace({ name: "Old site", updatedAt: at(24 * 60), archivedAt: at(24 * 40) }),
  ];
  api
    .on("get", "/api/workspaces", ({ query }) => ({
      items: all.filter((one) => Boolean(one.archivedAt) === (query.get("archived") === "true")),
      nextCursor: null,
    }))
    .on(
      "get",
      "/api/workspaces/{id}",
      ({ path }) =>
        all.find((one) => one.id === path.id) ??
        new Refusal(404, "not_found", "There is no such thing here.", {
          detail: "There is no workspace with this id.",
        }),
    )
    .on("patch", "/api/workspaces/{id}", ({ path, body }) => {
      const workspace = all.find((one) => one.id === path.id);
      if (!workspace) return new Refusal(404, "not_found", "There is no such thing here.");
      if (body.name) workspace.name = body.name;
      if (body.archived !== undefined) workspace.archivedAt = body.archived ? at(0) : null;
      return workspace;
    })
    .on("get", "/api/templates", () => ({
      items: [
        { id: "python", name: "Python", description: "A small program and its tests." },
        { id: "node", name: "Node", description: "A server without dependencies." },
        { id: "static", name: "Static site", description: "HTML, CSS and a little script." },
      ],
    }))
    .on("post", "/api/workspaces", async ({ body }) => {
      const pause = () => new Promise((resolve) => setTimeout(resolve, 900));
      const progress = (percent: number) => ({ type: "progress", phase: "Copying files", percent });
      if (body?.source?.path === "/nowhere") {
        const { problem } = new Refusal(422, "import_refused", "The project can't be imported.", {
          detail: "There is no folder /nowhere on this server.",
          hint: "Check the path for a slip. Atelier must be allowed to read it.",
        });
        return new Events([{ type: "failed", problem }]);
      }
      const workspace = sampleWorkspace({ name: body?.name ?? "Shop", updatedAt: at(0) });
      all.unshift(workspace);
      return new Events([progress(12), pause(), progress(64), { type: "created", workspace }]);
    });
}

const RUNTIMES = [
  { language: "python", version: "3.11.2", aliases: ["py"], extensions: ["py"], compiled: false },
  {
    language: "javascript",
    version: "20.20.2",
    aliases: ["js", "node"],
    extensions: ["js", "mjs", "cjs"],
    compiled: false,
  },
  { language: "cpp", version: "12.2.0", aliases: ["c++"], extensions: ["cpp"], compiled: true },
  { language: "shell", version: null, aliases: ["sh"], extensions: ["sh"], compiled: false },
];

const LAYERS = [
  {
    name: "Namespaces",
    state: "active" as const,
    detail: "User, mount, process, network, IPC, host name and cgroup namespaces of their own.",
    fix: null,
  },
  {
    name: "System call filter",
    state: "active" as const,
    detail: "seccomp refuses what programs don't need.",
    fix: null,
  },
  {
    name: "Resource limits",
    state: "weaker" as const,
    detail: "No cgroup v2 controllers are delegated, so rlimits stand in for them.",
    fix: "systemctl set-property user.slice Delegate=cpu memory pids",
  },
  {
    name: "File rules",
    state: "missing" as const,
    detail: "This kernel has no Landlock. Mounts still hide the host's files.",
    fix: "lsm=landlock,lockdown,yama",
  },
];

function usageBy(groupBy: string): { items: UsageRow[]; total: UsageRow } {
  const row = (key: string, name: string | null, input: number, cost: string, unpriced = 0) => ({
    key,
    name,
    turn:
      groupBy === "turn" && name
        ? { workspaceId: WORKSPACE, conversationId: sampleId(), askedAt: new Date().toISOString() }
        : null,
    calls: 1,
    inputTokens: input,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    outputTokens: Math.round(input / 6),
    runMs: input * 3,
    costUsd: cost,
    unpriced,
  });
  const rows: Record<string, UsageRow[]> = {
    day: [
      row("2026-11-19", null, 18_204, "0.0412"),
      row("2026-11-20", null, 96_417, "1.27"),
      row("2026-11-21", null, 4_120, "0", 3),
    ],
    model: [row("gpt-5.1", null, 114_621, "1.3112"), row("qwen3-coder:30b", null, 4_120, "0", 3)],
    workspace: [
      row("0199a4f2-6f3e-7c11-9d55-000000000001", "Shop", 60_000, "0.75"),
      row("0199a4f2-6f3e-7c11-9d55-000000000002", "Invoices and reminders", 58_741, "0.5612", 3),
    ],
    task: [row("chat", null, 98_741, "1.2312"), row("commit_message", null, 20_000, "0.08", 3)],
    user: [row("0199a4f2-0000-7000-8000-0000000000aa", "Owner", 118_741, "1.3112", 3)],
    turn: [
      row("0199a4f2-6f3e-7c11-9d55-0000000000f1", "Round prices to cents", 9_210, "0.0213"),
      row("0199a4f2-6f3e-7c11-9d55-0000000000f2", null, 4_120, "0", 1),
    ],
  };
  const items = rows[groupBy] ?? [];
  return { items, total: row("total", null, 118_741, "1.3112", 3) };
}
