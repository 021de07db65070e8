import { screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Cell } from "@/api/schema";
import { layoutStore } from "@/features/workspace/layoutStore";
import { cellApi, sampleCell } from "./cell";
import { Refusal } from "./fakeApi";
import { expectAccessible, openPage } from "./page";

vi.mock("@/features/tree/FileTree", () => ({ FileTree: () => <p>The tree</p> }));
vi.mock("@/features/editor/EditorPane", () => ({ EditorPane: () => <p>The editor</p> }));
vi.mock("@/features/chat/ChatPanel", () => ({ ChatPanel: () => <p>The chat</p> }));
vi.mock("@/features/run/RunPanel", () => ({ RunPanel: () => <p>The output</p> }));
vi.mock("@/api/useLiveWorkspace", () => ({ useLiveWorkspace: () => "live" }));

beforeEach(() => layoutStore.setState(layoutStore.getInitialState()));

const port = (number: number) => ({
  port: number,
  program: "node",
  url: `http://${number}--w.localhost:7340`,
});

/** Opens the preview of a workspace whose cell is as given. */
function openPreview(cell: Cell, search = "?panel=preview") {
  const { api, workspaceId } = cellApi(cell);
  api.on("post", "/api/workspaces/{id}/ports/{port}/open", ({ path }) => ({
    url: `http://${path.port}--w.localhost:7340/.atelier/enter?token=once`,
  }));
  return { api, workspaceId, ...openPage(`/w/${workspaceId}${search}`, api) };
}

describe("the preview", () => {
  it("says how to start a server while none listens", async () => {
    const { user, router } = openPreview(sampleCell());
    expect(await screen.findByText("No server is listening")).toBeVisible();
    expect(screen.getByText("python3 -m http.server 8000")).toBeVisible();
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Go to the terminal" }));
    expect(router.state.location.search).toMatchObject({ panel: "terminal" });
  });

  it("shows a server's page in a frame that can't lead this page away", async () => {
    const { user } = openPreview(sampleCell({ ports: [port(5173)] }));
    const frame = await screen.findByTitle("Page of port 5173");
    expect(frame).toHaveAttribute("src", "http://5173--w.localhost:7340/.atelier/enter?token=once");
    const allowed = frame.getAttribute("sandbox")?.split(" ") ?? [];
    expect(allowed).toContain("allow-scripts");
    expect(allowed.filter((word) => word.startsWith("allow-top"))).toEqual([]);
    await expectAccessible(screen.getByRole("form", { name: "Address of the preview" }));
    const path = screen.getByRole("textbox", { name: "Path" });
    await user.clear(path);
    await user.type(path, "about?x=1{Enter}");
    expect(screen.getByTitle("Page of port 5173")).toHaveAttribute(
      "src",
      "http://5173--w.localhost:7340/about?x=1",
    );
    expect(path).toHaveValue("/about?x=1");
  });

  it("goes from port to port, and keeps the port in the address", async () => {
    const { user, router } = openPreview(sampleCell({ ports: [port(3000), port(5173)] }));
    await user.selectOptions(await screen.findByRole("combobox", { name: "Port" }), "5173 · node");
    expect(await screen.findByTitle("Page of port 5173")).toBeVisible();
    expect(router.state.location.search).toMatchObject({ port: 5173 });
  });

  it("says why a page can't be opened, and where it can", async () => {
    const { api } = openPreview(sampleCell({ ports: [{ ...port(3000), url: null }] }));
    api.on(
      "post",
      "/api/workspaces/{id}/ports/{port}/open",
      () => new Refusal(409, "preview_unreachable", "Previews can't be reached here."),
    );
    expect(await screen.findByText(/Open Atelier at localhost/)).toBeVisible();
    expect(await screen.findByRole("alert")).toHaveTextContent("can't be reached here");
  });

  it("is offered when a server begins to listen", async () => {
    const cell = sampleCell();
    const { user, router } = openPreview(cell, "");
    await screen.findByText("The tree");
    await screen.findByRole("button", { name: /Sandbox: running/ });
    cell.ports = [port(8000)];
    const offer = await screen.findByText("Port 8000 is listening", {}, { timeout: 12_000 });
    expect(offer).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Open preview" }));
    expect(await screen.findByTitle("Page of port 8000")).toBeVisible();
    expect(router.state.location.search).toMatchObject({ panel: "preview", port: 8000 });
  });
});

describe("the sandbox's status", () => {
  it("shows what is in it, and how its isolation is weaker", async () => {
    const { user } = openPreview(sampleCell({ weaker: ["memory is only watched"] }), "");
    await user.click(await screen.findByRole("button", { name: /running · 1 process · 42.0 MiB/ }));
    const details = screen.getByRole("dialog", { name: "Sandbox of this workspace" });
    expect(within(details).getByText("python3 -m http.server 8000")).toBeVisible();
    expect(within(details).getByText("Memory is only watched.")).toBeVisible();
    await expectAccessible(details);
  });

  it("stops it after a yes", async () => {
    const cell = sampleCell();
    const { user, api, workspaceId } = openPreview(cell, "");
    api.on("post", "/api/workspaces/{id}/cell/stop", () => {
      Object.assign(cell, { state: "stopped", processes: [], memoryBytes: null });
      return undefined;
    });
    await user.click(await screen.findByRole("button", { name: /Sandbox: running/ }));
    await user.click(screen.getByRole("button", { name: "Stop" }));
    const stopped = `/api/workspaces/${workspaceId}/cell/stop`;
    expect(api.calls.some(({ path }) => path === stopped)).toBe(false);
    await user.click(await screen.findByRole("button", { name: "Stop it" }));
    await waitFor(() => expect(api.calls.some(({ path }) => path === stopped)).toBe(true));
    expect(await screen.findByText(/Stopped\. It starts by itself/)).toBeVisible();
  });
});
