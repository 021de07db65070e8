import { screen, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { Refusal } from "./fakeApi";
import { emptyApi, expectAccessible, openPage } from "./page";

const NOBODY = new Refusal(401, "not_signed_in", "You are not signed in.");
const USED = new Refusal(
  401,
  "sign_in_link_invalid",
  "The sign-in link is wrong, used or expired.",
);

function openLink(fragment: string, api: ReturnType<typeof emptyApi>, back = "") {
  window.location.hash = fragment;
  return openPage(`/sign-in${back}`, api);
}

afterEach(() => {
  window.location.hash = "";
});

describe("signing in", () => {
  it("exchanges the link's token once and goes to the dashboard", async () => {
    const api = emptyApi().on("post", "/api/session", () => ({
      user: { id: "0199a4f2-0000-7000-8000-0000000000aa", name: "Owner" },
    }));
    const { router } = openLink("#token=good", api);
    await waitFor(() => expect(router.state.location.pathname).toBe("/"));
    expect(api.sent("post", "/api/session")).toEqual([{ token: "good" }]);
  });

  it("goes back to where the session was lost", async () => {
    const api = emptyApi().on("post", "/api/session", () => ({
      user: { id: "0199a4f2-0000-7000-8000-0000000000aa", name: "Owner" },
    }));
    const { router } = openLink("#token=good", api, "?back=%2Fusage");
    await waitFor(() => expect(router.state.location.pathname).toBe("/usage"));
  });

  it.each(["https://evil.example", "//evil.example", "/\\evil.example"])(
    "never leads to another site: %s",
    async (back) => {
      const api = emptyApi().on("post", "/api/session", () => ({
        user: { id: "0199a4f2-0000-7000-8000-0000000000aa", name: "Owner" },
      }));
      const { router } = openLink("#token=good", api, `?back=${encodeURIComponent(back)}`);
      await waitFor(() => expect(router.state.location.href).toBe("/"));
    },
  );

  it("says how to get a link when there is none", async () => {
    openLink("", emptyApi());
    expect(await screen.findByText("atelier admin sign-in-link")).toBeVisible();
    await expectAccessible();
  });

  it("says kindly that a link was used", async () => {
    const api = emptyApi()
      .on("post", "/api/session", () => USED)
      .on("get", "/api/session", () => NOBODY);
    openLink("#token=used", api);
    expect(await screen.findByRole("heading", { name: "This link no longer works" })).toBeVisible();
    expect(screen.getByText("atelier admin sign-in-link")).toBeVisible();
    await expectAccessible();
  });

  it("lets in whoever opens a used link while signed in", async () => {
    const api = emptyApi().on("post", "/api/session", () => USED);
    const { router } = openLink("#token=used", api);
    await waitFor(() => expect(router.state.location.pathname).toBe("/"));
  });

  it("offers to try again when the server fails", async () => {
    let broken = true;
    const api = emptyApi().on("post", "/api/session", () =>
      broken
        ? new Refusal(503, "unavailable", "Something this needs is not available now.")
        : { user: { id: "0199a4f2-0000-7000-8000-0000000000aa", name: "Owner" } },
    );
    const { router, user } = openLink("#token=good", api);
    const again = await screen.findByRole("button", { name: "Try again" });
    broken = false;
    await user.click(again);
    await waitFor(() => expect(router.state.location.pathname).toBe("/"));
  });
});

describe("a lost session", () => {
  it("leads to the page that says how to sign in", async () => {
    const api = emptyApi().on("get", "/api/workspaces", () => NOBODY);
    const { router } = openPage("/", api);
    await waitFor(() => expect(router.state.location.pathname).toBe("/sign-in"));
    expect(await screen.findByText("atelier admin sign-in-link")).toBeVisible();
  });

  it("is what signing out ends in", async () => {
    const api = emptyApi().on("delete", "/api/session", () => undefined);
    const { router, user } = openPage("/", api);
    await user.click(await screen.findByRole("button", { name: "Menu" }));
    await user.click(await screen.findByRole("menuitem", { name: "Sign out" }));
    await waitFor(() => expect(router.state.location.pathname).toBe("/sign-in"));
    expect(api.sent("delete", "/api/session")).toHaveLength(1);
  });
});
