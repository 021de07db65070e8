/** The gateway's pages: providers, defaults, budgets, tokens, secrets, requests. */
import assert from "node:assert/strict";
import { PHONE } from "../harness/browser.mjs";
import { call, makeWorkspace, openSetting, signIn } from "../harness/setting.mjs";
import { story } from "../harness/story.mjs";
import { ask } from "../harness/workspace.mjs";
import { FILES, SCRIPT } from "./sample.mjs";

const PAGES = [
  ["on a desk, light", {}],
  ["on a desk, dark", { colorScheme: "dark" }],
  ["on a phone, light", { screen: PHONE }],
  ["on a phone, dark", { screen: PHONE, colorScheme: "dark" }],
];

for (const [where, options] of PAGES) {
  story(`models ${where}`, async (t) => {
    const setting = await openSetting(t, { script: SCRIPT, ...options });
    const { page, look } = setting;
    const part = (name) =>
      page
        .getByRole("navigation", { name: "Parts of this page" })
        .getByRole("link", { name })
        .click();
    let workspace;

    await t.step("a provider has models, of which one can say the price and size", async () => {
      await signIn(setting);
      workspace = await makeWorkspace(setting, "Greetings", FILES);
      await page.goto("/settings/models");
      await page.getByRole("button", { name: "Test" }).click();
      await page.getByText(/Tested in/).waitFor();
      await page.getByRole("button", { name: "Models and prices" }).click();
      await page.getByText("Free, on your hardware").waitFor();
      await look("providers");
      await page.getByRole("button", { name: "Facts of fake-small" }).click();
      await page.getByLabel("Input", { exact: true }).fill("1.5");
      await page.getByLabel("Context", { exact: true }).fill("many");
      await page.getByRole("button", { name: "Save facts" }).click();
      await page.getByText("Give a whole number, such as 32,768.").waitFor();
      await look("facts, refused");
      await page.getByLabel("Output", { exact: true }).fill("6");
      await page.getByLabel("Context", { exact: true }).fill("32,768");
      await page.getByLabel("Parameters", { exact: true }).fill("1.5");
      // Enter sends the form, as the button does.
      await page.keyboard.press("Enter");
      await page.getByText("$1.50 in, $6.00 out (set by you)").waitFor();
      await page.getByText("Context 33k").waitFor();
      await page.getByRole("button", { name: "Facts of fake-small" }).click();
      await look("facts");
      await page.getByLabel("Context", { exact: true }).fill("");
      await page.getByLabel("Parameters", { exact: true }).fill("");
      await page.getByRole("button", { name: "Save facts" }).click();
      await page.getByText("Context unknown").waitFor();
    });

    await t.step("the local model says how far it is", async () => {
      await part("Local model");
      await page.getByText("SHA-256").or(page.getByText("no local model")).waitFor();
      await look("local model");
    });

    await t.step("each task says what would be asked and why", async () => {
      await part("Defaults");
      await page.getByText("Would use").first().waitFor();
      await look("defaults");
      const first = page.getByRole("combobox", { name: "Goes to, for Explain" });
      await first.selectOption({ label: "fake-small" });
      await page.getByText("It is your choice for explain.").waitFor();
      const { tasks } = await call(page, "GET", "/api/models/defaults");
      assert.equal(tasks.find(({ task }) => task === "explain").models.length, 1);
    });

    await t.step("a budget that is too small refuses in the chat, and leads back", async () => {
      await part("Budgets");
      await page.getByRole("button", { name: "Add budget" }).click();
      await page.getByLabel(/^Tokens/).fill("1");
      await look("budget");
      await page.getByRole("button", { name: "Save budget" }).click();
      await page.getByText("0 tokens used of 1 token").waitFor();
      await look("budgets");
      await page.goto(`/w/${workspace}?panel=chat`);
      await ask(page, "improve the greeting");
      await page.getByRole("link", { name: "Budgets" }).waitFor();
      await look("refused");
      await page.getByRole("link", { name: "Budgets" }).click();
      await page.getByRole("button", { name: /^Remove the budget/ }).click();
      await page.getByRole("button", { name: "Remove budget" }).click();
      await page.getByText("No budget: nothing is limited").waitFor();
    });

    await t.step("a budget is for one conversation, by its title", async () => {
      await page.getByRole("button", { name: "Add budget" }).click();
      await page.getByLabel("What for", { exact: true }).selectOption({ label: "Conversations" });
      await page.getByLabel("Which", { exact: true }).selectOption({ label: "One conversation" });
      await page.getByLabel("Workspace", { exact: true }).selectOption({ label: "Greetings" });
      await page
        .getByLabel("Conversation", { exact: true })
        .selectOption({ label: "improve the greeting" });
      await page.getByLabel(/^Money/).fill("5");
      await look("budget for one conversation");
      await page.getByRole("button", { name: "Save budget" }).click();
      await page.getByText("One conversation: “improve the greeting”, each month").waitFor();
      await page.getByText(/^Begins anew on /).waitFor();
      await look("budget of one conversation");
      await page.getByRole("button", { name: /^Remove the budget/ }).click();
      await page.getByRole("button", { name: "Remove budget" }).click();
      await page.getByText("No budget: nothing is limited").waitFor();
    });

    await t.step("a token is shown once, asks a model, and is revoked", async () => {
      await part("Access tokens");
      await page.getByRole("button", { name: "Create token" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Name").fill("A script");
      await dialog.getByLabel("Models it may ask").selectOption({ label: "Only those I choose" });
      await dialog.getByRole("button", { name: "Create token" }).click();
      await dialog.getByText("Choose at least one.").waitFor();
      await look("token without a model");
      await dialog.getByRole("checkbox", { name: "fake-small" }).focus();
      await page.keyboard.press("Space");
      await dialog.getByText("1 chosen").waitFor();
      await look("token");
      await dialog.getByRole("button", { name: "Create token" }).click();
      const settings = await page.getByText(/^OPENAI_BASE_URL=/).innerText();
      await look("token, shown once");
      const [, address] = /OPENAI_BASE_URL=(\S+)/.exec(settings);
      const [, key] = /OPENAI_API_KEY=(\S+)/.exec(settings);
      const headers = { authorization: `Bearer ${key}` };
      const served = await (await fetch(`${address}/models`, { headers })).json();
      assert.deepEqual(
        served.data.map(({ id }) => id),
        ["fake-small"],
      );
      await page.getByRole("button", { name: "I have copied it" }).click();
      await page.getByRole("button", { name: "Revoke A script" }).click();
      await page.getByRole("button", { name: "Revoke token" }).click();
      await page.getByText("No access token").waitFor();
      assert.equal((await fetch(`${address}/models`, { headers })).status, 401);
    });

    await t.step("a secret goes in and never comes back", async () => {
      await part("Secrets");
      await page.getByRole("button", { name: "Add secret" }).click();
      await page.getByLabel("Name").fill("DEPLOY_KEY");
      await page.getByLabel("Value").fill("story-secret-value");
      await page.getByRole("button", { name: "Store" }).click();
      await page.getByRole("list", { name: "Secrets" }).getByText("DEPLOY_KEY").waitFor();
      await look("secrets");
      await page.goto(`/w/${workspace}?settings=requests`);
      await page.getByText("Requests to models").waitFor();
      await look("workspace");
    });

    await t.step(
      "a secret goes along with one question, and the chat says so ever after",
      async () => {
        await page.goto(`/w/${workspace}?panel=chat`);
        await ask(page, "say story-secret-value");
        const kept = page.getByRole("note", { name: "Kept out" });
        await kept.getByRole("button", { name: "Attach DEPLOY_KEY and ask again" }).waitFor();
        await page.getByText("Done", { exact: true }).last().waitFor();
        await look("a secret kept out");
        await page.getByRole("button", { name: "Attach secret" }).focus();
        await page.keyboard.press("Enter");
        await page.getByRole("option", { name: /DEPLOY_KEY/ }).waitFor();
        await look("secrets to attach");
        await page.keyboard.type("dep");
        await page.keyboard.press("Enter");
        await page.getByRole("button", { name: "Keep DEPLOY_KEY in" }).waitFor();
        await look("a secret attached");
        await ask(page, "really say story-secret-value");
        const sent = page.getByRole("list", { name: "Secrets attached to this question" });
        await sent.getByText("DEPLOY_KEY").waitFor();
        await page.getByText("Done", { exact: true }).nth(1).waitFor();

        const settings = { requests: { secrets: "refuse" } };
        await call(page, "PATCH", `/api/workspaces/${workspace}`, { settings });
        await ask(page, "once more story-secret-value");
        const refusal = page.getByRole("alert").filter({ hasText: "may not leave" });
        const again = refusal.getByRole("button", { name: "Attach DEPLOY_KEY and ask again" });
        await again.waitFor();
        // What to do about it stands above the composer, not below the edge.
        const [offer, composer] = await Promise.all(
          [again, page.getByRole("textbox", { name: "Your question" })].map((part) =>
            part.boundingBox(),
          ),
        );
        assert.ok(offer.y + offer.height <= composer.y, "the refusal is in sight");
        await look("refused for a secret");
        await again.click();
        await page.getByText("Done", { exact: true }).nth(2).waitFor();
        // What is known now comes from what was stored.
        await page.reload();
        await sent.nth(1).getByText("DEPLOY_KEY").waitFor();
        await kept.waitFor();
        await again.waitFor();
        await look("the same after a reload");
        settings.requests.secrets = "replace";
        await call(page, "PATCH", `/api/workspaces/${workspace}`, { settings });
      },
    );

    await t.step(
      "who took over from whom stays after a reload, and so does the next question",
      async () => {
        const gone = { name: "Gone", baseUrl: "http://127.0.0.1:9/v1", model: "gone-model" };
        await call(page, "POST", "/api/providers", { ...gone, local: true });
        await page.goto(`/w/${workspace}?panel=chat`);
        await page
          .getByLabel("Model", { exact: true })
          .selectOption({ label: "Gone · gone-model" });
        await ask(page, "who answers?");
        const sign = page.getByRole("note", { name: "Another model took over" });
        await sign.getByText(/fake-small answers instead of gone-model/).waitFor();
        const home = page.getByRole("note", { name: "On your own hardware" });
        await home.first().waitFor();
        await page.getByText("Done", { exact: true }).waitFor();
        await page.getByLabel("Model", { exact: true }).selectOption({ label: "Automatic" });
        await ask(page, "and now?");
        await page.getByText("Done", { exact: true }).nth(1).waitFor();
        await page.reload();
        await sign.getByText(/fake-small answers instead of gone-model/).waitFor();
        await page.getByText("Done", { exact: true }).nth(1).waitFor();
        await sign.scrollIntoViewIfNeeded();
        await look("taken over, after a reload");
        assert.equal(await home.count(), 2);
      },
    );

    await t.step("requests are listed, with what was sent and no secret in it", async () => {
      await page.goto(`/w/${workspace}?panel=chat`);
      await ask(page, "say story-secret-value");
      await page.getByText("Done", { exact: true }).waitFor();
      await page.goto("/settings/models?view=requests");
      const list = page.getByRole("list", { name: "Latest requests" });
      await list.getByRole("button").first().click();
      await page.getByText("[secret DEPLOY_KEY]").first().waitFor();
      await look("request");
      await page.getByRole("tab", { name: "Made of" }).click();
      await page.getByRole("list", { name: "What it was made of" }).waitFor();
      assert.equal(await page.getByText("story-secret-value").count(), 0);
    });

    await t.step("usage is of a time and a place, and leads back to what was asked", async () => {
      await page.goto("/usage");
      await page.getByLabel("Where").selectOption({ label: "Greetings" });
      await page.getByRole("link", { name: "By person" }).click();
      await page.getByRole("cell", { name: "Owner" }).waitFor();
      await look("usage by person");
      await page.getByRole("link", { name: "By turn" }).click();
      await page.getByRole("link", { name: "who answers?" }).first().waitFor();
      await look("usage by turn");
      await page.getByLabel("When").selectOption({ label: "Last month" });
      await page.getByText("Nothing was used there in this time").waitFor();
      await look("no usage");
      await page.getByLabel("When").selectOption({ label: "All time" });
      await page.getByRole("link", { name: "who answers?" }).first().click();
      await page.getByText(/fake-small answers instead of gone-model/).waitFor();
    });
  });
}
