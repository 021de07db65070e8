import { screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { UsageRow } from "@/api/schema";
import { Refusal } from "./fakeApi";
import { emptyApi, expectAccessible, openPage } from "./page";
import { sampleSystem, sampleWorkspace } from "./samples";

const row = (key: string, change: Partial<UsageRow> = {}): UsageRow => ({
  key,
  name: null,
  turn: null,
  calls: 2,
  inputTokens: 1200,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  outputTokens: 300,
  runMs: 4500,
  costUsd: "0.0123",
  unpriced: 0,
  ...change,
});

describe("the usage page", () => {
  it("sums up by day, flags what has no price and links to the CSV", async () => {
    const api = emptyApi().on("get", "/api/usage", () => ({
      items: [row("2026-11-20"), row("2026-11-21", { unpriced: 2, costUsd: "0" })],
      total: row("total", { inputTokens: 2400, unpriced: 2 }),
    }));
    openPage("/usage?period=all", api);
    const table = await screen.findByRole("table", { name: "Usage by day" });
    expect(within(table).getByText("20 Nov 2026")).toBeVisible();
    expect(within(table).getByText("2 unpriced")).toBeVisible();
    expect(screen.getByLabelText("Totals")).toHaveTextContent("2,400");
    expect(screen.getByText(/2 uses have no known price/)).toBeVisible();
    expect(screen.getByRole("link", { name: "Download CSV" })).toHaveAttribute(
      "href",
      "/api/usage?groupBy=day&format=csv",
    );
    await expectAccessible();
  });

  it("keeps in the address how it is summed up", async () => {
    const asked: (string | null)[] = [];
    const api = emptyApi().on("get", "/api/usage", ({ query }) => {
      asked.push(query.get("groupBy"));
      return { items: [row("gpt-5.1")], total: row("total") };
    });
    const { user, router } = openPage("/usage", api);
    await user.click(await screen.findByRole("link", { name: "By model" }));
    expect(await screen.findByRole("table", { name: "Usage by model" })).toBeVisible();
    expect(router.state.location.search).toEqual({ by: "model" });
    expect(asked).toEqual(["day", "model"]);
  });

  it("says that nothing was used yet", async () => {
    const api = emptyApi().on("get", "/api/usage", () => ({ items: [], total: row("total") }));
    const { user } = openPage("/usage", api);
    expect(await screen.findByText("Nothing was used in this time")).toBeVisible();
    await user.selectOptions(screen.getByLabelText("When"), "All time");
    expect(await screen.findByText("Nothing was used yet")).toBeVisible();
  });

  it("is of one time and one workspace, which the address and the CSV keep", async () => {
    const workspace = sampleWorkspace({ name: "Shop" });
    const api = emptyApi()
      .on("get", "/api/workspaces", ({ query }) => ({
        items: query.get("archived") === "true" ? [] : [workspace],
        nextCursor: null,
      }))
      .on("get", "/api/usage", () => ({
        items: [row("gpt-5.1", { cachedInputTokens: 777, reasoningTokens: 55 })],
        total: row("total"),
      }));
    const { user, router } = openPage("/usage?by=model", api);
    await user.selectOptions(await screen.findByLabelText("When"), "Last month");
    await screen.findByRole("option", { name: "Shop" });
    await user.selectOptions(screen.getByLabelText("Where"), "Shop");
    expect(await screen.findByRole("cell", { name: "777" })).toBeVisible();
    expect(screen.getByRole("cell", { name: "55" })).toBeVisible();
    expect(router.state.location.search).toEqual({
      by: "model",
      period: "last",
      workspace: workspace.id,
    });
    const href = screen.getByRole("link", { name: "Download CSV" }).getAttribute("href") ?? "";
    const asked = new URL(href, "http://x").searchParams;
    expect(asked.get("workspaceId")).toBe(workspace.id);
    expect(Date.parse(asked.get("from") ?? "")).toBeLessThan(Date.parse(asked.get("to") ?? ""));
    await expectAccessible();
  });

  it("leads from a turn to its conversation", async () => {
    const turn = {
      workspaceId: "0199a4f2-0000-7000-8000-00000000000a",
      conversationId: "0199a4f2-0000-7000-8000-00000000000b",
      askedAt: "2026-11-21T08:00:00Z",
    };
    const api = emptyApi().on("get", "/api/usage", () => ({
      items: [
        row("0199a4f2-0000-7000-8000-00000000000c", { name: "Round the prices", turn }),
        row("0199a4f2-0000-7000-8000-00000000000d"),
        row("none", { name: "Runs" }),
      ],
      total: row("total"),
    }));
    openPage("/usage?by=turn", api);
    expect(await screen.findByRole("link", { name: "Round the prices" })).toHaveAttribute(
      "href",
      `/w/${turn.workspaceId}?conversation=${turn.conversationId}&panel=chat`,
    );
    expect(screen.getByText("A turn that is gone")).toBeVisible();
    expect(screen.getByText("Runs")).toBeVisible();
    await expectAccessible();
  });
});

describe("the system page", () => {
  it("shows each layer, how it stands and what would enable it", async () => {
    openPage("/settings/system", emptyApi());
    const layers = await screen.findByRole("list", { name: "Layers of isolation" });
    expect(within(layers).getAllByRole("listitem")).toHaveLength(2);
    expect(layers).toHaveTextContent("Weaker");
    expect(within(layers).getByText("systemd.unified_cgroup_hierarchy=1")).toBeVisible();
    expect(screen.getByText("SQLite")).toBeVisible();
    expect(screen.queryByRole("link", { name: "Runs are off" })).not.toBeInTheDocument();
    await expectAccessible();
  });

  it("lists the languages with their versions, and copies a fix", async () => {
    const api = emptyApi().on("get", "/api/runtimes", () => ({
      items: [
        {
          language: "cpp",
          version: "12.2.0",
          aliases: ["c++"],
          extensions: ["cc"],
          compiled: true,
        },
        { language: "shell", version: null, aliases: [], extensions: ["sh"], compiled: false },
      ],
    }));
    const { user } = openPage("/settings/system", api);
    const languages = await screen.findByRole("list", { name: "Languages" });
    expect(languages).toHaveTextContent("C++12.2.0.cc, c++Compiled first");
    expect(languages).toHaveTextContent("version unknown");
    await user.click(screen.getByRole("button", { name: "Copy the fix for Resource limits" }));
    expect(await navigator.clipboard.readText()).toBe("systemd.unified_cgroup_hierarchy=1");
    expect(screen.getByRole("button", { name: "Copied" })).toBeVisible();
    await expectAccessible();
  });

  it("warns on every page where runs are refused", async () => {
    const reason = "This kernel has no user namespaces.";
    const api = emptyApi().on("get", "/api/system", () => sampleSystem({ ready: false, reason }));
    const { user } = openPage("/", api);
    await user.click(await screen.findByRole("link", { name: "Runs are off" }));
    expect(await screen.findByText(reason)).toBeVisible();
    expect(screen.getByText("Runs are refused")).toBeVisible();
  });

  it("says what failed", async () => {
    const api = emptyApi().on(
      "get",
      "/api/system",
      () => new Refusal(500, "internal", "Something failed in the server."),
    );
    openPage("/settings/system", api);
    expect(await screen.findByRole("alert")).toHaveTextContent("Something failed in the server.");
  });
});

describe("every page", () => {
  it("says so when there is none at the address", async () => {
    openPage("/nowhere", emptyApi());
    expect(await screen.findByText("There is no page at this address")).toBeVisible();
    await expectAccessible();
  });

  it("has the palette, which goes anywhere by keyboard", async () => {
    const { user, router } = openPage("/", emptyApi());
    await screen.findByText("No workspaces yet");
    await user.keyboard("{Control>}k{/Control}");
    const box = await screen.findByRole("combobox", { name: "Commands" });
    await expectAccessible();
    await user.type(box, "usa{Enter}");
    expect(await screen.findByRole("heading", { name: "Usage" })).toBeVisible();
    expect(router.state.location.pathname).toBe("/usage");
    expect(screen.queryByRole("combobox", { name: "Commands" })).not.toBeInTheDocument();
  });

  it("changes its theme and remembers it", async () => {
    const { user } = openPage("/", emptyApi());
    await user.click(await screen.findByRole("button", { name: "Theme: as the system" }));
    expect(document.documentElement).toHaveAttribute("data-theme", "light");
    await user.click(screen.getByRole("button", { name: "Theme: light" }));
    expect(document.documentElement).toHaveAttribute("data-theme", "dark");
    await user.click(screen.getByRole("button", { name: "Theme: dark" }));
    expect(document.documentElement).not.toHaveAttribute("data-theme");
  });
});

it("the component page shows every component without fault", async () => {
  const { user } = openPage("/design", emptyApi());
  await screen.findByRole("heading", { name: "Components" });
  await expectAccessible();
  await user.click(screen.getByRole("button", { name: "Open a dialog" }));
  expect(await screen.findByRole("dialog", { name: "Rename workspace" })).toBeVisible();
  await expectAccessible();
  await user.keyboard("{Escape}");
  await user.click(screen.getByRole("button", { name: "Open a menu" }));
  expect(await screen.findByRole("menuitem", { name: /Rename/ })).toBeVisible();
  await expectAccessible();
});
