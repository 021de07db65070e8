/** Asking about selected lines, which a small model writes anew. */
import assert from "node:assert/strict";
import { PHONE } from "../harness/browser.mjs";
import { call, makeWorkspace, openSetting, signIn } from "../harness/setting.mjs";
import { story } from "../harness/story.mjs";
import { ask, openFile, textOf } from "../harness/workspace.mjs";
import { FILES, GREETING } from "./sample.mjs";

/** As small models write: the block has lost the indentation that its lines had. */
const ANEW = `I greet by name.

\`\`\`python
"""Says hello."""
return f"Hello, {name}!"
\`\`\`
`;

const SCRIPT = {
  models: ["fake-small"],
  turns: [
    { match: "greet better", repeat: true, steps: [{ text: ANEW, chunk: 20 }] },
    { repeat: true, steps: [{ text: "It says hello." }] },
  ],
};

const PAGES = [
  ["on a desk, light", {}],
  ["on a desk, dark", { colorScheme: "dark" }],
  ["on a phone, light", { screen: PHONE }],
  ["on a phone, dark", { screen: PHONE, colorScheme: "dark" }],
];

for (const [where, options] of PAGES) {
  story(`selection ${where}`, async (t) => {
    const setting = await openSetting(t, { script: SCRIPT, ...options });
    const { page, look } = setting;
    const isPhone = options.screen === PHONE;
    const chips = page.getByRole("list", { name: "Selected lines the assistant is given" });
    const asked = page.getByRole("list", { name: "Selected lines of this question" });
    /** Selects the two lines of the first function's body. */
    const select = async () => {
      await textOf(page, "greeting.py").click();
      await page.keyboard.press("ControlOrMeta+Home");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Shift+ArrowDown");
      await page.keyboard.press("Shift+End");
    };
    let workspace;

    await t.step("selected lines go into the question, and the file does not", async () => {
      await signIn(setting);
      workspace = await makeWorkspace(setting, "Greetings", FILES);
      const { items } = await call(page, "GET", "/api/providers");
      const size = { parameters: 1_540_000_000 };
      await call(page, "PUT", `/api/providers/${items[0].id}/models/fake-small`, size);
      await page.goto(`/w/${workspace}`);
      await openFile(page, "greeting.py");
      await select();
      await look("selected");
      const button = page.getByRole("button", { name: "Ask about selection" });
      if (isPhone) await button.tap();
      else await page.keyboard.press("Alt+q");
      await chips.getByText(":2–3").waitFor();
      assert.equal(
        await page.getByRole("button", { name: "Leave out greeting.py", exact: true }).count(),
        0,
      );
      await look("in the question");
    });

    await t.step("it is taken away and put there again", async () => {
      await page.getByRole("button", { name: "Leave out greeting.py, lines 2–3" }).press("Enter");
      await chips.waitFor({ state: "detached" });
      if (isPhone) {
        await page
          .getByRole("navigation", { name: "Workspace" })
          .getByRole("button", { name: "Editor" })
          .tap();
        await page.getByRole("button", { name: "Ask about selection" }).tap();
      } else {
        await page.keyboard.press("ControlOrMeta+k");
        await page.getByRole("dialog").getByRole("combobox").fill("ask about sel");
        await page.keyboard.press("Enter");
      }
      await chips.getByText(":2–3").waitFor();
      const box = page.getByRole("textbox", { name: "Your question" });
      await page.waitForFunction(
        (area) => document.activeElement === area,
        await box.elementHandle(),
      );
    });

    await t.step(
      "the model's new text is a proposal, and the lines stand with the question",
      async () => {
        await ask(page, "greet better");
        await page.getByText("Waiting for you").waitFor();
        await asked.getByText(":2–3").waitFor();
        await look("answered");
        await page.getByRole("button", { name: "What was sent" }).click();
        await page.getByText("greeting.py:2–3 (").waitFor();
        await look("what was sent");
        const sent = await page.getByRole("dialog").innerText();
        assert.match(sent, /greeting\.py, lines 2 to 3/);
        assert.match(sent, /write their new text in one block/);
        assert.doesNotMatch(sent, /def shout/);
        await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
      },
    );

    await t.step("they still stand there after a reload", async () => {
      await ask(page, "and what does it do");
      await page.getByText("It says hello.").waitFor();
      await page.reload();
      await page.getByText("It says hello.").waitFor();
      await asked.getByText(":2–3").waitFor();
      assert.equal(await asked.count(), 1);
      await look("after a reload");
    });

    await t.step("the proposal changes these lines, as deep as they were", async () => {
      await page.getByRole("article", { name: "Proposal" }).getByRole("button").first().click();
      await page.getByText("1 of 1 change undecided").waitFor();
      await look("review");
      await page
        .getByRole("button", { name: /^Apply/ })
        .first()
        .click();
      await page.getByText("All of it is in your files").waitFor();
      const files = await call(page, "GET", `/api/workspaces/${workspace}/files`);
      const { id } = files.items.find(({ path }) => path === "greeting.py");
      const { content } = await call(page, "GET", `/api/files/${id}`);
      const wanted = GREETING.replace('return "Hello " + name', 'return f"Hello, {name}!"');
      assert.equal(content, wanted);
    });
    assert.deepEqual(setting.troubles, []);
  });
}
