import { QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, vi } from "vitest";
import { onSignedOut } from "@/api/client";
import { createQueryClient } from "@/api/queryClient";
import { createAppRouter } from "@/router";
import { FakeApi } from "./fakeApi";
import { sampleSystem } from "./samples";

/** A server on which somebody is signed in and nothing is there yet. */
export function emptyApi(): FakeApi {
  const user = { id: "0199a4f2-0000-7000-8000-0000000000aa", name: "Owner" };
  return new FakeApi()
    .on("get", "/api/session", () => ({ user }))
    .on("get", "/api/system", () => sampleSystem())
    .on("get", "/api/runtimes", () => ({ items: [] }))
    .on("get", "/api/templates", () => ({ items: [] }))
    .on("get", "/api/providers", () => ({ items: [] }))
    .on("get", "/api/workspaces", () => ({ items: [], nextCursor: null }));
}

/** Opens a page of the app against a server in memory. */
export function openPage(address: string, api: FakeApi) {
  vi.stubGlobal("fetch", api.fetch);
  const queryClient = createQueryClient();
  queryClient.setDefaultOptions({ queries: { retry: false } });
  const router = createAppRouter(queryClient, createMemoryHistory({ initialEntries: [address] }));
  onSignedOut(() => void router.navigate({ to: "/sign-in", replace: true }));
  const view = render(
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
  return { ...view, router, user: userEvent.setup() };
}

/** Fails with what axe finds. Colours are checked apart: jsdom draws none. */
export async function expectAccessible(root: Element = document.body): Promise<void> {
  const { violations } = await axe.run(root, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    // `region`: tooltips and menus stand at the end of the page, outside its landmarks.
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  const found = violations.map(
    ({ id, help, nodes }) => `${id}: ${help}\n${nodes.map((node) => `  ${node.html}`).join("\n")}`,
  );
  expect(found).toEqual([]);
}
