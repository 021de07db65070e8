import { screen, waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { runCommand } from "@/commands/registry";
import { workspaceStore } from "@/lib/workspaceStore";
import { Events, Refusal } from "./fakeApi";
import { expectAccessible, openPage } from "./page";
import { numbered, projectApi, sampleFile, sampleRun } from "./parts";
import { sampleSystem } from "./samples";

vi.mock("@/features/tree/FileTree", () => ({ FileTree: () => <p>The tree</p> }));
vi.mock("@/features/editor/EditorPane", () => ({ EditorPane: () => <p>The editor</p> }));
vi.mock("@/features/chat/ChatPanel", () => ({ ChatPanel: () => <p>The chat</p> }));
vi.mock("@/api/useLiveWorkspace", () => ({ useLiveWorkspace: () => "live" }));

/** What was written to the screen; jsdom can't draw the real one. */
const written: string[] = [];
vi.mock("@/features/run/terminal", () => ({
  openScreen: () => ({ write: (text: string) => written.push(text), dispose: () => undefined }),
}));
beforeEach(() => void written.splice(0));

const output = (stream: string, text: string) => ({ type: "output", stream, text });
const finished = (change: object) => ({
  type: "finished",
  outcome: "ok",
  exitCode: 0,
  signal: null,
  reason: null,
  wallMs: 42,
  ...change,
});

/** A server on which a run takes this course. */
function openRun(events: object[], run = sampleRun({ status: "running", outcome: null })) {
  const { api, workspaceId } = projectApi();
  api
    .on("post", "/api/execute", () => run)
    .on("get", "/api/workspaces/{id}/runs", () => ({ items: [run], nextCursor: null }))
    .on(
      "get",
      "/api/execute/{id}/events",
      (() =>
        new Events([
          ...numbered([{ type: "started", command: run.command }, ...events]),
          new Promise(() => undefined),
        ])) as never,
    );
  return { ...openPage(`/w/${workspaceId}`, api), api, run, workspaceId };
}

describe("the run panel", () => {
  it("runs a command line and shows its output in order, its end and its time", async () => {
    const { user, api, workspaceId } = openRun([
      output("stdout", "out\n"),
      output("stderr", "bad\n"),
      finished({ outcome: "exit", exitCode: 3, wallMs: 1234 }),
    ]);
    const box = await screen.findByRole("textbox", { name: "Command line" });
    await user.type(box, "make all{Enter}");
    expect(await screen.findByText("Failed")).toBeVisible();
    expect(screen.getByText("exit 3 · 1.2 s")).toBeVisible();
    await waitFor(() => expect(written.join("")).toMatch(/^out\n.*▌ bad/su));
    expect(api.sent("post", "/api/execute")).toEqual([{ workspaceId, command: "make all" }]);
    await expectAccessible();
  });

  it("tells which stage goes on", async () => {
    openRun([{ type: "stage", name: "compile" }]);
    expect(await screen.findByText("Compiling…")).toBeVisible();
  });

  it("says why a compiled program wasn't run", async () => {
    const stages = [{ name: "compile" as const, outcome: "exit" as const, wallMs: 80 }];
    openRun(
      [finished({ outcome: "exit", exitCode: 1 })],
      sampleRun({ outcome: "exit", exitCode: 1, stages }),
    );
    expect(await screen.findByText("It could not be compiled, so it was not run.")).toBeVisible();
    expect(screen.getByText(/compiled in 80 ms/)).toBeVisible();
  });

  it("sends the options with every run, until they are reset", async () => {
    const { user, api, workspaceId } = openRun([finished({})], sampleRun());
    await user.click(await screen.findByRole("button", { name: "Options" }));
    await user.type(screen.getByRole("textbox", { name: /^Input/ }), "3");
    await user.type(screen.getByRole("textbox", { name: "Processes" }), "9");
    await user.click(screen.getByRole("checkbox", { name: "Run as a server" }));
    expect(screen.getByRole("textbox", { name: "Time" })).toBeDisabled();
    await expectAccessible(screen.getByRole("dialog", { name: "Options of runs" }));
    await user.keyboard("{Escape}");
    expect(screen.getByRole("button", { name: "Options: 3 set" })).toBeVisible();
    await user.type(screen.getByRole("textbox", { name: "Command line" }), "cat{Enter}");
    await waitFor(() =>
      expect(api.sent("post", "/api/execute")).toEqual([
        {
          workspaceId,
          command: "cat",
          stdin: "3",
          limits: { pids: 9, timeoutMs: 86_400_000 },
        },
      ]),
    );
    await user.click(screen.getByRole("button", { name: "Options: 3 set" }));
    await user.click(screen.getByRole("button", { name: "Reset" }));
    await user.keyboard("{Escape}");
    expect(screen.getByRole("button", { name: "Options" })).toBeVisible();
  });

  it("stops a run", async () => {
    const { user, api, run } = openRun([output("stdout", "tick\n")]);
    api.on("post", "/api/execute/{id}/cancel", () => run);
    expect(await screen.findByText("Running")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Stop" }));
    await waitFor(() =>
      expect(api.calls.some(({ path }) => path === `/api/execute/${run.id}/cancel`)).toBe(true),
    );
  });

  it("runs the file in the editor by its command", async () => {
    const file = sampleFile("tools/make.py");
    const { api, workspaceId } = projectApi([file]);
    const run = sampleRun();
    api
      .on("post", "/api/execute", () => run)
      .on("get", "/api/execute/{id}", () => run)
      .on("get", "/api/execute/{id}/events", (() => new Events(numbered([finished({})]))) as never);
    workspaceStore(workspaceId).getState().openTab({ fileId: file.id, path: file.path });
    openPage(`/w/${workspaceId}?file=${file.id}`, api);
    expect(await screen.findByRole("button", { name: "Run make.py" })).toBeEnabled();
    runCommand("run.file");
    await waitFor(() =>
      expect(api.sent("post", "/api/execute")).toEqual([{ workspaceId, path: "tools/make.py" }]),
    );
    expect(await screen.findByText("It printed nothing.")).toBeVisible();
  });

  it("says why a run was refused, and where to look", async () => {
    const refused = sampleRun({
      outcome: "refused",
      exitCode: null,
      reason: "User namespaces are switched off.",
    });
    openRun([finished({ outcome: "refused", exitCode: null, reason: refused.reason })], refused);
    expect(await screen.findByText("Not started")).toBeVisible();
    expect(screen.getByText(/User namespaces are switched off/)).toBeVisible();
    expect(screen.getByRole("link", { name: /how runs are isolated/ })).toHaveAttribute(
      "href",
      "/settings/system",
    );
    await expectAccessible();
  });

  it("says beforehand that runs are off, and what a refusal said", async () => {
    const { api, workspaceId } = projectApi();
    api
      .on("get", "/api/system", () => sampleSystem({ ready: false, reason: "No namespaces." }))
      .on("post", "/api/execute", () => {
        return new Refusal(503, "isolation_unavailable", "This machine can't isolate runs.");
      });
    const { user } = openPage(`/w/${workspaceId}`, api);
    expect(await screen.findByText(/Runs are off: No namespaces/)).toBeVisible();
    await user.type(screen.getByRole("textbox", { name: "Command line" }), "ls{Enter}");
    expect(await screen.findByRole("alert")).toHaveTextContent("can't isolate runs");
  });

  it("lists earlier runs and shows one again", async () => {
    const { user, router, run } = openRun([finished({})], sampleRun());
    await screen.findByText("Finished");
    await user.click(screen.getByRole("button", { name: "Earlier runs" }));
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: /python3 main.py/ }));
    expect(router.state.location.search).toMatchObject({ run: run.id });
  });

  it("says how to begin", async () => {
    const { api, workspaceId } = projectApi();
    openPage(`/w/${workspaceId}`, api);
    expect(await screen.findByText("Nothing has been run yet")).toBeVisible();
  });
});
