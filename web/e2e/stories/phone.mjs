/** The whole product on a phone, light and dark. */
import { PHONE } from "../harness/browser.mjs";
import { makeWorkspace, openSetting, signIn } from "../harness/setting.mjs";
import { story } from "../harness/story.mjs";
import { ask, runLine, textOf } from "../harness/workspace.mjs";
import { FILES, SCRIPT } from "./sample.mjs";

for (const colorScheme of ["light", "dark"]) {
  story(`on a phone, ${colorScheme}`, async (t) => {
    const setting = await openSetting(t, { script: SCRIPT, screen: PHONE, colorScheme });
    const { page, look } = setting;
    const go = (name) =>
      page.getByRole("navigation", { name: "Workspace" }).getByRole("button", { name }).tap();

    await t.step("the files", async () => {
      await signIn(setting);
      const id = await makeWorkspace(setting, "Greetings", FILES);
      await page.goto(`/w/${id}`);
      await page.getByRole("treeitem", { name: "src" }).tap();
      await look("files");
    });

    await t.step("the editor", async () => {
      await page.getByRole("treeitem", { name: "greeting.py" }).tap();
      await textOf(page, "greeting.py").waitFor();
      await look("editor");
    });

    await t.step("the chat", async () => {
      await go("Chat");
      await look("chat, empty");
      await ask(page, "improve the greeting");
      await page.getByText("Waiting for you").waitFor();
      await look("chat");
    });

    await t.step("the review", async () => {
      await page.getByRole("article", { name: "Proposal" }).getByRole("button").tap();
      await page.getByText("2 of 2 changes undecided").waitFor();
      await look("review");
      await page.getByRole("button", { name: "Reject", exact: true }).last().tap();
      await page.getByRole("button", { name: "Apply 1" }).tap();
      await page.getByText("What you accepted is in your files").waitFor();
      await look("review, applied");
    });

    await t.step("a run", async () => {
      await go("Run");
      await runLine(page, "echo a long line that does not fit on a phone and so must wrap; exit 2");
      await page.getByText("Failed", { exact: true }).waitFor();
      await look("run");
    });

    await t.step("the versions", async () => {
      await go("Editor");
      await page.getByRole("button", { name: "Versions" }).tap();
      const versions = page.getByRole("list", { name: "Versions" });
      await versions.getByText("Assistant").waitFor();
      await versions.getByRole("button").last().tap();
      await page.locator(".cm-deletedChunk").first().waitFor();
      await look("versions");
    });
  });
}

story("on a desk in the dark", async (t) => {
  const setting = await openSetting(t, { script: SCRIPT, colorScheme: "dark" });
  const { page, look } = setting;

  await t.step("the workspace", async () => {
    await signIn(setting);
    const id = await makeWorkspace(setting, "Greetings", FILES);
    await page.goto(`/w/${id}`);
    await page.getByRole("treeitem", { name: "greeting.py" }).click();
    await textOf(page, "greeting.py").waitFor();
    await runLine(page, "ls -la; cat nothing");
    await page.getByText("Failed", { exact: true }).waitFor();
    await look("workspace");
  });

  await t.step("an answer and its review", async () => {
    await ask(page, "improve the greeting");
    await page.getByText("Waiting for you").waitFor();
    await look("answer");
    await page.getByRole("article", { name: "Proposal" }).getByRole("button").click();
    await page.getByText("2 of 2 changes undecided").waitFor();
    await page.keyboard.press("j");
    await look("review");
    await page.getByRole("button", { name: /^Apply/ }).click();
    await page.getByText("All of it is in your files").waitFor();
  });

  await t.step("the versions", async () => {
    await page.getByRole("tab", { name: "Versions" }).click();
    await page.getByRole("list", { name: "Versions" }).getByRole("button").first().click();
    await page.locator(".cm-deletedChunk").first().waitFor();
    await look("versions");
  });
});
