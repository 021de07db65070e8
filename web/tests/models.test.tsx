import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Provider } from "@/api/schema";
import { type FakeApi, Refusal } from "./fakeApi";
import { emptyApi, expectAccessible, openPage } from "./page";
import { sampleProvider } from "./samples";

/** A server that keeps models, and keys apart from them. */
function apiWith(items: Provider[]): FakeApi {
  return emptyApi()
    .on("get", "/api/providers", () => ({ items }))
    .on("post", "/api/providers", ({ body: { key, ...rest } }) => {
      const { wire, local, ...plain } = rest;
      const provider = sampleProvider({
        ...plain,
        wire: wire ?? "openai_chat",
        local: local ?? false,
        hasKey: Boolean(key),
      });
      items.push(provider);
      return provider;
    })
    .on("patch", "/api/providers/{id}", ({ path, body: { key, ...rest } }) => {
      const provider = items.find((one) => one.id === path.id);
      if (!provider) return new Refusal(404, "not_found", "There is no such thing here.");
      return Object.assign(provider, rest, key === undefined ? {} : { hasKey: key !== "" });
    })
    .on("delete", "/api/providers/{id}", ({ path }) => {
      items.splice(
        items.findIndex((one) => one.id === path.id),
        1,
      );
      return undefined;
    });
}

describe("the providers", () => {
  it("adds a provider from a preset; the key goes out and never comes back", async () => {
    const api = apiWith([]);
    const { user } = openPage("/settings/models", api);
    await user.click(await screen.findByRole("button", { name: "Add provider" }));
    await user.selectOptions(screen.getByLabelText("Service"), "OpenRouter");
    expect(screen.getByLabelText("Base URL")).toHaveValue("https://openrouter.ai/api/v1");
    expect(screen.getByLabelText("Name")).toHaveValue("OpenRouter");
    await user.type(screen.getByLabelText("Model"), "qwen/qwen3-coder");
    const key = screen.getByLabelText("Key");
    expect(key).toHaveAttribute("type", "password");
    await user.type(key, "sk-secret");
    await expectAccessible();
    await user.click(screen.getByRole("button", { name: "Save" }));
    const list = await screen.findByRole("list", { name: "Providers" });
    expect(list).toHaveTextContent("Key stored, encrypted");
    expect(document.body).not.toHaveTextContent("sk-secret");
    expect(api.sent("post", "/api/providers")).toEqual([
      {
        name: "OpenRouter",
        baseUrl: "https://openrouter.ai/api/v1",
        wire: "openrouter",
        model: "qwen/qwen3-coder",
        key: "sk-secret",
      },
    ]);
    await expectAccessible();
  });

  it("says which field is wrong and sends nothing", async () => {
    const api = apiWith([]);
    const { user } = openPage("/settings/models", api);
    await user.click(await screen.findByRole("button", { name: "Add provider" }));
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(screen.getByLabelText("Base URL")).toBeInvalid();
    expect(screen.getByLabelText("Model")).toHaveAccessibleDescription(
      "Give the model's name at the provider.",
    );
    expect(api.sent("post", "/api/providers")).toEqual([]);
    await expectAccessible();
  });

  it("keeps the stored key when something else is changed, and removes it when asked", async () => {
    const api = apiWith([sampleProvider()]);
    const { user } = openPage("/settings/models", api);
    await user.click(await screen.findByRole("button", { name: "Edit OpenAI" }));
    expect(screen.getByLabelText("Key")).toHaveValue("");
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    await user.click(screen.getByRole("button", { name: "Edit OpenAI" }));
    await user.click(screen.getByLabelText("Remove the stored key"));
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText("No key")).toBeVisible();
    const [first, second] = api.sent("patch", "/api/providers/{id}");
    expect(first).not.toHaveProperty("key");
    expect(second).toHaveProperty("key", "");
  });

  it("tests a provider and says what to do when it doesn't answer", async () => {
    const api = apiWith([sampleProvider()]).on("post", "/api/providers/{id}/check", () => ({
      ok: false,
      detail: "The service refused the key.",
      hint: "Make a new key and store it here.",
      models: ["gpt-5.1", "gpt-5.1-mini"],
    }));
    const { user } = openPage("/settings/models", api);
    await user.click(await screen.findByRole("button", { name: "Test" }));
    expect(await screen.findByText("The service refused the key.")).toBeVisible();
    expect(screen.getByText("Make a new key and store it here.")).toBeVisible();
    expect(screen.getByText("It offers 2 models")).toBeVisible();
    await expectAccessible();
  });

  it("leaves those from the environment alone and says where they come from", async () => {
    openPage("/settings/models", apiWith([sampleProvider({ fromEnvironment: true })]));
    expect(await screen.findByText("From the environment")).toBeVisible();
    expect(screen.queryByRole("button", { name: /Edit|Delete/ })).not.toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Test" })).toBeEnabled();
  });

  it("asks before it deletes one", async () => {
    const api = apiWith([sampleProvider()]);
    const { user } = openPage("/settings/models", api);
    await user.click(await screen.findByRole("button", { name: "Delete OpenAI" }));
    const question = await screen.findByRole("alertdialog", { name: "Delete “OpenAI”?" });
    await expectAccessible();
    await user.click(within(question).getByRole("button", { name: "Cancel" }));
    expect(api.sent("delete", "/api/providers/{id}")).toHaveLength(0);
    await user.click(screen.getByRole("button", { name: "Delete OpenAI" }));
    await user.click(await screen.findByRole("button", { name: "Delete provider" }));
    expect(await screen.findByText("No provider yet")).toBeVisible();
  });

  it("shows inside the form why the server refused it", async () => {
    const api = apiWith([]).on(
      "post",
      "/api/providers",
      () =>
        new Refusal(409, "name_taken", "Something with this name exists already.", {
          detail: "There is a model “Here” already.",
        }),
    );
    const { user } = openPage("/settings/models", api);
    await user.click(await screen.findByRole("button", { name: "Add provider" }));
    await user.type(screen.getByLabelText("Base URL"), "http://127.0.0.1:9/v1");
    await user.type(screen.getByLabelText("Model"), "m");
    await user.type(screen.getByLabelText("Name"), "Here");
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(await within(screen.getByRole("dialog")).findByRole("alert")).toHaveTextContent(
      "There is a model “Here” already.",
    );
  });
});
