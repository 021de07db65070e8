import { screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Denial, Grant } from "@/api/schema";
import { layoutStore } from "@/features/workspace/layoutStore";
import { cellApi } from "./cell";
import { Refusal } from "./fakeApi";
import { expectAccessible, openPage } from "./page";
import { sampleId, sampleWorkspace } from "./samples";

vi.mock("@/features/tree/FileTree", () => ({ FileTree: () => <p>The tree</p> }));
vi.mock("@/features/editor/EditorPane", () => ({ EditorPane: () => <p>The editor</p> }));
vi.mock("@/features/chat/ChatPanel", () => ({ ChatPanel: () => <p>The chat</p> }));
vi.mock("@/features/run/RunPanel", () => ({ RunPanel: () => <p>The output</p> }));
vi.mock("@/api/useLiveWorkspace", () => ({ useLiveWorkspace: () => "live" }));

beforeEach(() => layoutStore.setState(layoutStore.getInitialState()));

const grantOf = (resource: string, change: Partial<Grant> = {}): Grant => ({
  id: sampleId(),
  action: "network",
  resource,
  createdBy: sampleId(),
  createdAt: new Date().toISOString(),
  until: null,
  ...change,
});
const denialOf = (host: string, port: number): Denial => ({
  host,
  port,
  count: 2,
  lastAt: new Date().toISOString(),
  resource: port === 443 ? host : `${host}:${port}`,
});

/** A workspace with these grants and refusals, at an address. */
function openNetwork(grants: Grant[], denials: Denial[], search = "?settings=network") {
  const { api, workspaceId } = cellApi();
  api
    .on("get", "/api/workspaces/{id}/grants", () => ({ items: [...grants] }))
    .on("get", "/api/workspaces/{id}/network/denials", () => ({ items: [...denials] }))
    .on("post", "/api/workspaces/{id}/grants", ({ body }) => {
      const grant = grantOf(body.resource, { until: body.until ?? null });
      grants.push(grant);
      denials.splice(0, denials.length, ...denials.filter((one) => one.resource !== body.resource));
      return grant;
    })
    .on("delete", "/api/grants/{id}", ({ path }) => {
      grants.splice(
        grants.findIndex(({ id }) => id === path.id),
        1,
      );
      return undefined;
    });
  return { api, ...openPage(`/w/${workspaceId}${search}`, api) };
}

describe("the network of a workspace", () => {
  it("is off, and lets package registries in by one click", async () => {
    const { user, api } = openNetwork([], []);
    expect(await screen.findByText("Nothing: the network is off.")).toBeVisible();
    await expectAccessible(screen.getByRole("dialog"));
    await user.click(screen.getByRole("button", { name: "Allow package registries" }));
    expect(await screen.findByText(/PyPI, npm, crates.io/)).toBeVisible();
    expect(screen.queryByRole("button", { name: "Allow package registries" })).toBeNull();
    expect(api.sent("post", "/api/workspaces/{id}/grants")).toEqual([
      { action: "network", resource: "registries" },
    ]);
  });

  it("lets a host in for a while, and out again", async () => {
    const { user, api } = openNetwork([], []);
    const form = await screen.findByRole("form", { name: "Allow a host" });
    await user.type(within(form).getByLabelText("Host"), "not a host{Enter}");
    expect(within(form).getByRole("alert")).toHaveTextContent("is not the name of a host");
    expect(api.sent("post", "/api/workspaces/{id}/grants")).toEqual([]);
    await user.clear(within(form).getByLabelText("Host"));
    await user.type(within(form).getByLabelText("Host"), "https://example.org/x");
    await user.selectOptions(within(form).getByLabelText("How long"), "For an hour");
    await user.click(within(form).getByRole("button", { name: "Allow" }));
    const list = await screen.findByRole("list", { name: "Allowed" });
    expect(within(list).getByText("example.org")).toBeVisible();
    expect(within(list).getByText("1 h left")).toBeVisible();
    expect(within(form).getByLabelText("Host")).toHaveValue("");
    await user.click(screen.getByRole("button", { name: "Remove example.org" }));
    expect(await screen.findByText("Nothing: the network is off.")).toBeVisible();
  });

  it("says what the server said about a host", async () => {
    const { user, api } = openNetwork([], []);
    api.on(
      "post",
      "/api/workspaces/{id}/grants",
      () => new Refusal(422, "invalid_field", "A field is not valid."),
    );
    const form = await screen.findByRole("form", { name: "Allow a host" });
    await user.type(within(form).getByLabelText("Host"), "example.org{Enter}");
    expect(await within(form).findByRole("alert")).toHaveTextContent("A field is not valid.");
    expect(within(form).getByLabelText("Host")).toHaveValue("example.org");
  });

  it("lists what was refused, and allows just that", async () => {
    const { user, api } = openNetwork([], [denialOf("db.test", 5432)]);
    const list = await screen.findByRole("list", { name: "Refused lately" });
    expect(within(list).getByText("db.test:5432")).toBeVisible();
    await user.click(within(list).getByRole("button", { name: "Allow db.test:5432" }));
    expect(await screen.findByText("Nothing has been refused.")).toBeVisible();
    expect(api.sent("post", "/api/workspaces/{id}/grants")).toEqual([
      { action: "network", resource: "db.test:5432" },
    ]);
  });

  it("tells of a refusal above runs and terminals, until it is allowed or waved away", async () => {
    const { user } = openNetwork([], [denialOf("pypi.org", 443), denialOf("b.test", 1)], "");
    expect(await screen.findByText("pypi.org:443")).toBeVisible();
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Allow pypi.org" }));
    expect(await screen.findByText("b.test:1")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Dismiss" }));
    expect(screen.queryByText("b.test:1")).toBeNull();
  });
});

describe("the limits of a workspace", () => {
  const MIB = 1024 * 1024;

  function openLimits(limits = {}) {
    const { api, workspaceId } = cellApi();
    const workspace = sampleWorkspace({ id: workspaceId, settings: { limits } });
    api
      .on("get", "/api/workspaces/{id}", () => workspace)
      .on("patch", "/api/workspaces/{id}", ({ body }) => ({
        ...workspace,
        settings: body.settings,
      }));
    return { api, ...openPage(`/w/${workspaceId}?settings=limits`, api) };
  }

  it("shows what is set and the most that may be, and saves all at once", async () => {
    const { user, api } = openLimits({ memoryBytes: 512 * MIB, pids: 32 });
    const memory = await screen.findByRole("textbox", { name: "Memory" });
    expect(memory).toHaveValue("512");
    expect(memory).toHaveAccessibleDescription(/At most 2048 MiB/);
    await expectAccessible(screen.getByRole("dialog"));
    await user.clear(memory);
    await user.type(screen.getByRole("textbox", { name: "Time" }), "2.5");
    await user.click(screen.getByRole("button", { name: "Save limits" }));
    await waitFor(() =>
      expect(api.sent("patch", "/api/workspaces/{id}")).toEqual([
        { settings: { limits: { timeoutMs: 2500, pids: 32 } } },
      ]),
    );
  });

  it("says at the field what is wrong, and sends nothing", async () => {
    const { user, api } = openLimits();
    const memory = await screen.findByRole("textbox", { name: "Memory" });
    await user.type(memory, "4096");
    await user.type(screen.getByRole("textbox", { name: "Processes" }), "many");
    await user.click(screen.getByRole("button", { name: "Save limits" }));
    expect(memory).toBeInvalid();
    expect(memory).toHaveAccessibleDescription("This server allows at most 2048 MiB.");
    expect(screen.getByRole("textbox", { name: "Processes" })).toHaveAccessibleDescription(
      "Write a number, such as 30.",
    );
    expect(api.sent("patch", "/api/workspaces/{id}")).toEqual([]);
  });
});

describe("the rules of reviews", () => {
  it("are set: checks, locked paths and what needs a typed yes", async () => {
    const { api, workspaceId } = cellApi();
    api.on("patch", "/api/workspaces/{id}", ({ body }) => {
      const { checks, lockedPaths, destructive } = body.settings ?? {};
      if (lockedPaths?.includes("a[")) {
        return new Refusal(422, "invalid", "`a[` is not a glob.", {
          field: "settings.lockedPaths",
        });
      }
      return sampleWorkspace({
        settings: {
          limits: {},
          checks: checks ?? [],
          lockedPaths: lockedPaths ?? [],
          destructive: destructive ?? {},
        },
      });
    });
    const { user } = openPage(`/w/${workspaceId}?settings=review`, api);
    await user.click(await screen.findByRole("button", { name: "Add a check" }));
    await user.type(screen.getByRole("textbox", { name: "Name of check 1" }), "Tests");
    await user.type(screen.getByRole("textbox", { name: "Command of check 1" }), "npm test");
    await user.type(screen.getByLabelText("Locked paths"), "a[[");
    await user.type(screen.getByLabelText("Deleted files"), "3");
    await expectAccessible(screen.getByRole("dialog"));
    await user.click(screen.getByRole("button", { name: "Save rules" }));
    expect(await screen.findByText("`a[` is not a glob.")).toBeVisible();
    await user.clear(screen.getByLabelText("Locked paths"));
    await user.type(screen.getByLabelText("Locked paths"), "keys/");
    await user.click(screen.getByRole("button", { name: "Save rules" }));
    expect(await screen.findByText("The rules are saved")).toBeVisible();
    expect(api.sent("patch", "/api/workspaces/{id}")[1]).toEqual({
      settings: {
        lockedPaths: ["keys/"],
        checks: [{ name: "Tests", argv: ["sh", "-c", "npm test"] }],
        destructive: { deletedFiles: 3, lostPercent: null, totalLines: null },
      },
    });
  });
});
