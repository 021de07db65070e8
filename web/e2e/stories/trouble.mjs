/** What happens when things go wrong: edits that collide, a server that is killed. */
import assert from "node:assert/strict";
import { call, makeWorkspace, openSetting, signIn } from "../harness/setting.mjs";
import { story } from "../harness/story.mjs";
import {
  ask,
  openFile,
  outputOf,
  replaceText,
  runLine,
  save,
  textOf,
} from "../harness/workspace.mjs";
import { FILES, GREETING, SCRIPT } from "./sample.mjs";

story("edits that collide", async (t) => {
  const setting = await openSetting(t, { script: SCRIPT });
  const { page, look } = setting;
  const openReview = async () => {
    await ask(page, "improve the greeting");
    await page.getByText("Waiting for you").last().waitFor();
    await page
      .getByRole("article", { name: "Proposal" })
      .last()
      .getByRole("button", { name: "Review" })
      .click();
    await page.getByText("2 of 2 changes undecided").waitFor();
  };

  await t.step("a proposal merges with what was saved elsewhere in the file", async () => {
    await signIn(setting);
    const id = await makeWorkspace(setting, "Greetings", FILES);
    await page.goto(`/w/${id}`);
    await openFile(page, "greeting.py");
    await openReview();
    await replaceText(page, "greeting.py", GREETING.replace('greet("you")', 'greet("all")'));
    await save(page);
    await page.getByText("Merges with your edits").waitFor();
    await look("merges");
    await page.getByRole("button", { name: /^Apply/ }).click();
    await page.getByText("All of it is in your files").waitFor();
    const text = textOf(page, "greeting.py");
    await text.getByText('f"Hello, {name}!"').waitFor();
    assert.match(await text.innerText(), /greet\("all"\)/);
    await page.getByRole("button", { name: "Undo" }).last().click();
    await page.getByText("It was applied and then taken back").waitFor();
    await text.getByText('"Hello " + name').waitFor();
    assert.match(await text.innerText(), /greet\("all"\)/, "undo keeps what was typed");
  });

  await t.step("one that changes the same lines asks, and writes what was decided", async () => {
    await page.getByRole("tab", { name: "Chat" }).click();
    await openReview();
    await replaceText(page, "greeting.py", GREETING.replace('"Hello " + name', '"Hi " + name'));
    await save(page);
    await page.getByText("Conflicts with your edits").waitFor();
    await page.getByRole("button", { name: /^Apply/ }).click();
    await page.getByText("Nothing was written; decide what stands").waitFor();
    await page.getByRole("button", { name: "Keep the proposal's" }).waitFor();
    await look("conflict");
    await page.getByRole("button", { name: "Keep the proposal's" }).click();
    await page.getByRole("button", { name: "Apply with these texts" }).click();
    await page.getByText(/in your files/).waitFor();
    await textOf(page, "greeting.py").getByText('f"Hello, {name}!"').waitFor();
    await look("conflict, decided");
  });
});

story("a server that is killed", async (t) => {
  const setting = await openSetting(t, { script: SCRIPT });
  const { atelier, page, look } = setting;

  await t.step("an answer and a run are under way", async () => {
    await signIn(setting);
    const id = await makeWorkspace(setting, "Greetings", FILES);
    await page.goto(`/w/${id}`);
    await openFile(page, "greeting.py");
    await runLine(page, "echo before; sleep 100");
    await outputOf(page).getByText("before").waitFor();
    await ask(page, "never end");
    await page.getByText("It begins").waitFor();
    await replaceText(page, "greeting.py", "typed before the end\n");
  });

  await t.step("the page says that it waits, and finds the server again", async () => {
    await atelier.restart();
    await page.getByText("Interrupted", { exact: true }).first().waitFor();
    await page.getByText("The server stopped while it answered").waitFor();
    const run = page.getByRole("region", { name: "Run" });
    await run.getByText("Interrupted", { exact: true }).waitFor();
    await look("after the restart");
  });

  await t.step("what was typed meanwhile is saved", async () => {
    await textOf(page, "greeting.py").click();
    await save(page);
    const [file] = (
      await call(page, "GET", `/api/workspaces/${idOf(page)}/files?limit=100`)
    ).items.filter(({ path }) => path === "greeting.py");
    const { content } = await call(page, "GET", `/api/files/${file.id}`);
    assert.equal(content, "typed before the end\n");
  });
});

const MAKE = `import os
for d in range(100):
    os.makedirs(f"d{d}")
    for f in range(200):
        with open(f"d{d}/f{f}.txt", "w") as file:
            file.write(str(f))
`;

story("twenty thousand files", async (t) => {
  const setting = await openSetting(t);
  const { page, look } = setting;

  await t.step("are made by a run and stand in the tree", async () => {
    await signIn(setting);
    const id = await makeWorkspace(setting, "Large", { "make.py": MAKE });
    await page.goto(`/w/${id}`);
    await runLine(page, "python3 make.py");
    await page.getByText("Finished", { exact: true }).waitFor({ timeout: 60_000 });
    await page.getByRole("treeitem", { name: "d5", exact: true }).waitFor({ timeout: 60_000 });
  });

  await t.step("only those in view are drawn, wherever one scrolls", async () => {
    await page.reload();
    const first = page.getByRole("treeitem", { name: "d0", exact: true });
    await first.click();
    await page.getByRole("treeitem", { name: "f7.txt", exact: true }).waitFor();
    await first.press("End");
    await page.getByRole("treeitem", { name: "d99", exact: true }).waitFor();
    const drawn = await page.getByRole("treeitem").count();
    assert.ok(drawn < 100, `${drawn} rows are drawn`);
    await page.getByRole("searchbox", { name: "Filter files" }).fill("d42 f199");
    await page.getByRole("treeitem", { name: "f199.txt" }).click();
    await textOf(page, "d42/f199.txt").getByText("199").waitFor();
    await look("filtered");
  });

  await t.step("a file of six megabytes is shown, to read", async () => {
    await runLine(
      page,
      "yes 'a line of forty characters, more or less' | head -c 6000000 > big.py",
    );
    await page.getByRole("searchbox", { name: "Filter files" }).fill("big");
    await page.getByRole("treeitem", { name: "big.py" }).click();
    await page.getByText("shown as plain text, read-only").waitFor();
    await textOf(page, "big.py").press("ControlOrMeta+End");
    await page.getByText("Ln 146342").waitFor();
    await look("large file");
  });
});

function idOf(page) {
  return new URL(page.url()).pathname.split("/").at(-1);
}
