/** The same by keyboard alone: no step here uses the mouse. */
import assert from "node:assert/strict";
import { makeWorkspace, openSetting, signIn } from "../harness/setting.mjs";
import { story } from "../harness/story.mjs";
import { textOf } from "../harness/workspace.mjs";
import { FILES, SCRIPT } from "./sample.mjs";

story("by keyboard alone", async (t) => {
  const setting = await openSetting(t, { script: SCRIPT });
  const { page, look } = setting;
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  /** Goes on with Tab until what has the focus fits. */
  const tabTo = async (locator, key = "Tab") => {
    for (let presses = 0; presses < 200; presses += 1) {
      if (await locator.evaluate((element) => element === document.activeElement)) return;
      await press(key);
    }
    throw new Error("Tab never gets there");
  };
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("data-path"));

  await t.step("a workspace is opened from the dashboard", async () => {
    await signIn(setting);
    await makeWorkspace(setting, "Greetings", FILES);
    await page.reload();
    await tabTo(page.getByRole("link", { name: "Greetings" }));
    await press("Enter");
    await page.getByRole("treeitem", { name: "greeting.py" }).waitFor();
  });

  await t.step("the tree is walked, opened and searched by keys", async () => {
    await tabTo(page.locator('[role="treeitem"][tabindex="0"]'));
    assert.equal(await focused(), "src");
    await press("ArrowRight");
    await page.getByRole("treeitem", { name: "deep" }).waitFor();
    await press("ArrowRight", "ArrowRight", "ArrowRight");
    await page.waitForFunction(() => document.activeElement?.dataset.path === "src/deep/inner.js");
    await press("ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft");
    assert.equal(await focused(), "src");
    await press("g");
    assert.equal(await focused(), "greeting.py");
    await look("tree");
  });

  await t.step("a file is opened, changed, saved and left", async () => {
    await press("Enter");
    const text = textOf(page, "greeting.py");
    await text.waitFor();
    await page.waitForFunction(() => document.activeElement?.closest(".cm-editor") !== null);
    await press("ControlOrMeta+End");
    await page.keyboard.type("print('end')");
    await press("ControlOrMeta+S");
    await page.getByText("Saved", { exact: true }).waitFor({ state: "attached" });
    await press("ControlOrMeta+F");
    await page.keyboard.type("shout");
    await press("Enter");
    await look("find");
    // Out of the search, out of the selection, out of the editor.
    await press("Escape", "Escape", "Escape", "Tab");
    const isOut = await page.evaluate(
      () => document.activeElement?.closest(".cm-content") === null,
    );
    assert.ok(isOut, "Escape and Tab leave the editor");
  });

  await t.step("the file runs", async () => {
    await press("ControlOrMeta+Enter");
    const run = page.getByRole("region", { name: "Run" });
    await run.getByText("Finished", { exact: true }).waitFor();
  });

  await t.step("a question is asked, reviewed and applied", async () => {
    await tabTo(page.getByRole("textbox", { name: "Your question" }));
    await page.keyboard.type("improve the greeting");
    await press("Enter");
    const card = page.getByRole("article", { name: "Proposal" });
    await card.waitFor();
    await tabTo(page.getByRole("button", { name: "Review" }).last(), "Shift+Tab");
    await press("Enter");
    await page.getByText("2 of 2 changes undecided").waitFor();
    await press("j", "y", "y");
    await page.getByText("All 2 changes decided").waitFor();
    await look("review");
    await press("a");
    await page.getByText("All of it is in your files").waitFor();
    await textOf(page, "greeting.py").getByText('f"Hello, {name}!"').waitFor();
  });

  await t.step("a tab with changes asks before it closes", async () => {
    await press("Alt+E");
    await page.waitForFunction(() => document.activeElement?.closest(".cm-editor") !== null);
    await page.keyboard.type("x");
    await press("Alt+W");
    await page.getByRole("dialog", { name: /Save the changes/ }).waitFor();
    await look("close with changes");
    await press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await press("ControlOrMeta+S");
    await page.getByText("Saved", { exact: true }).waitFor({ state: "attached" });
    await press("Alt+W");
    await page.getByText("No file is open").waitFor();
  });
});
