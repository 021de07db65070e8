/** The product's main job, from the sign-in link to an edit that was reviewed and applied. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openPage, openWindow } from "../harness/browser.mjs";
import { makeFolder, removeFolder } from "../harness/processes.mjs";
import { request } from "../harness/request.mjs";
import { openSetting } from "../harness/setting.mjs";
import { story } from "../harness/story.mjs";
import {
  ask,
  makeFile,
  openFile,
  outputOf,
  replaceText,
  runLine,
  save,
  textOf,
} from "../harness/workspace.mjs";
import { zipOf } from "../harness/zip.mjs";
import { PRICES, SCRIPT } from "./whole-path-script.mjs";

story("the whole path", async (t) => {
  const folder = await makeFolder();
  t.after(() => removeFolder(folder));
  const config = `[import]\nfolders = [${JSON.stringify(folder)}]\n`;
  const setting = await openSetting(t, { script: SCRIPT, config });
  const { atelier, model, browser, context, page, troubles, look } = setting;

  await t.step("nobody gets in without a session, from elsewhere or by another name", async () => {
    const refused = [
      [{ path: "/api/workspaces" }, 401],
      [{ path: "/api/workspaces", headers: { host: "evil.example" } }, 403],
      [{ path: "/api/session", method: "POST", headers: { origin: "https://evil.example" } }, 403],
    ];
    for (const [asked, status] of refused) {
      assert.equal((await request(atelier.address, asked)).status, status, JSON.stringify(asked));
    }
    const openapi = await request(atelier.address, { path: "/api/openapi.json" });
    assert.equal(openapi.status, 200);
  });

  await t.step("the sign-in link opens the dashboard, once", async () => {
    await page.goto(atelier.link);
    await page.getByText("No workspaces yet").waitFor();
    assert.equal(new URL(page.url()).pathname, "/");
    await look("dashboard, empty");
    const other = await openWindow(browser, atelier.address);
    const again = await openPage(other, troubles);
    await again.goto(atelier.link);
    await again.getByText("This link no longer works").waitFor();
    await other.close();
  });

  await t.step("a workspace is made from a folder", async () => {
    await writeFile(join(folder, "notes.md"), "# Notes\n\nFrom a folder.\n");
    await page.getByRole("button", { name: "New workspace" }).first().click();
    await page.getByRole("tab", { name: "Folder" }).click();
    await page.getByRole("textbox", { name: "Folder on this server" }).fill("/etc");
    await page.getByRole("button", { name: "Create workspace" }).click();
    await page.getByText("is not in a folder that may be copied from").waitFor();
    await page.getByRole("textbox", { name: "Folder on this server" }).fill(folder);
    await page.getByRole("textbox", { name: "Name" }).fill("From a folder");
    await look("new workspace, folder");
    await page.getByRole("button", { name: "Create workspace" }).click();
    await page.getByRole("treeitem", { name: "notes.md" }).waitFor();
    await page.goto("/");
  });

  await t.step("a workspace is made from a zip, and a bad zip leaves nothing", async () => {
    const create = async (name, texts) => {
      await page.getByRole("button", { name: "New workspace" }).first().click();
      await page.getByRole("tab", { name: "Zip" }).click();
      const archive = { name: `${name}.zip`, mimeType: "application/zip", buffer: zipOf(texts) };
      await page.locator('input[type="file"]').setInputFiles(archive);
      await page.getByRole("textbox", { name: "Name" }).fill(name);
      await page.getByRole("button", { name: "Create workspace" }).click();
    };
    await create("Escaping", { "../out.txt": "out" });
    await page.getByRole("alert").first().waitFor();
    await look("new workspace, zip refused");
    await page.getByRole("button", { name: "Cancel" }).click();
    await create("From a zip", { "read me.txt": "zipped", "src/ünïcode.js": "let a = 1;\n" });
    await page.getByRole("treeitem", { name: "read me.txt" }).waitFor();
    await page.goto("/");
    await page.getByRole("link", { name: "From a zip" }).waitFor();
    assert.equal(await page.getByRole("link", { name: "Escaping" }).count(), 0);
  });

  await t.step("a workspace is made from a template", async () => {
    await page.getByRole("button", { name: "New workspace" }).first().click();
    await page.getByRole("tab", { name: "Template" }).click();
    await page.getByText("Python", { exact: true }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("Words");
    await look("new workspace, template");
    await page.getByRole("button", { name: "Create workspace" }).click();
    await page.getByRole("treeitem", { name: "main.py" }).waitFor();
    await look("workspace");
  });

  await t.step("the tree makes, renames, deletes and restores", async () => {
    await makeFile(page, "draft notes ü.txt", "first\n");
    const draft = page.getByRole("treeitem", { name: "draft notes ü.txt" });
    await draft.click();
    await draft.press("F2");
    await page.getByRole("textbox", { name: /New name of/ }).fill("notes.txt");
    await page.keyboard.press("Enter");
    const notes = page.getByRole("treeitem", { name: "notes.txt" });
    await notes.waitFor();
    await page.getByRole("button", { name: "notes.txt", exact: true }).waitFor();
    await notes.click();
    await notes.press("Delete");
    await page.getByText("This file was deleted").waitFor();
    await look("file deleted");
    await page.getByRole("button", { name: "Undo" }).click();
    await notes.waitFor();
    await page.getByText("This file was deleted").waitFor({ state: "detached" });
    await notes.click();
    await notes.press("Delete");
    await notes.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Deleted files" }).click();
    await look("deleted files");
    await page.getByRole("button", { name: "Restore notes.txt" }).click();
    await page.getByText("Nothing was deleted").waitFor();
    await page.getByRole("button", { name: "Back to the files" }).click();
    await notes.waitFor();
  });

  await t.step("a file is edited and saved; the tab shows what isn't", async () => {
    await openFile(page, "words.py");
    await openFile(page, "main.py");
    await replaceText(page, "main.py", "print('one')\n");
    await page.getByRole("button", { name: /^main.py.*unsaved changes/ }).waitFor();
    await look("unsaved changes");
    await save(page);
  });

  await t.step("a conflict with another tab shows both sides", async () => {
    const second = await openPage(context, troubles);
    second.setDefaultTimeout(15_000);
    await second.goto(page.url());
    await textOf(second, "main.py").waitFor();
    await replaceText(page, "main.py", "print('mine')\n");
    await replaceText(second, "main.py", "print('theirs')\n");
    await save(second);
    await page.getByText("Nothing of yours is lost").waitFor();
    await page.getByRole("button", { name: "Compare and merge" }).click();
    await page.getByRole("tab", { name: "Mine and theirs" }).waitFor();
    await page.locator(".cm-mergeView").waitFor();
    await look("conflict, both sides");
    await page.getByRole("tab", { name: "Merge" }).click();
    await page.getByRole("button", { name: "Keep theirs" }).waitFor();
    await look("conflict, merge");
    await page.getByRole("button", { name: "Keep both" }).click();
    await page.getByRole("button", { name: "Save the merge" }).click();
    await textOf(page, "main.py").waitFor();
    await page.getByText("Saved", { exact: true }).waitFor({ state: "attached" });
    const merged = "print('mine')\nprint('theirs')";
    assert.equal((await textOf(page, "main.py").innerText()).trim(), merged);
    await second.getByText("print('mine')").waitFor();
    assert.equal((await textOf(second, "main.py").innerText()).trim(), merged);
    await second.close();
  });

  await t.step("unsaved text survives a reload", async () => {
    await replaceText(page, "main.py", "print('kept')\n");
    await page.reload();
    await page.getByText("Text that you had not saved was restored").waitFor();
    assert.match(await textOf(page, "main.py").innerText(), /print\('kept'\)/);
    await look("restored text");
    await page.getByRole("button", { name: "Discard", exact: true }).click();
    await page.getByText("print('theirs')").waitFor();
  });

  await t.step("an earlier version comes back", async () => {
    await page.getByRole("button", { name: "Versions" }).click();
    const versions = page.getByRole("list", { name: "Versions" });
    await versions.getByRole("button").nth(3).waitFor();
    await versions.getByRole("button").last().click();
    await page.locator(".cm-deletedChunk").first().waitFor();
    await look("versions");
    await page.getByRole("button", { name: "Restore", exact: true }).click();
    await textOf(page, "main.py").getByText("from words import count_words").waitFor();
    await page.getByRole("tab", { name: "Chat" }).click();
  });

  await t.step("a Python file runs", async () => {
    const run = page.getByRole("region", { name: "Run" });
    await run.getByRole("button", { name: "Run main.py" }).click();
    await run.getByText("Finished", { exact: true }).waitFor();
    await outputOf(page).getByText("the").first().waitFor();
    await run.getByText(/exit 0 · /).waitFor();
    await look("run, python");
    // What runs is what is on screen: it is saved first.
    await replaceText(page, "main.py", "print('saved first')\n");
    await page.keyboard.press("ControlOrMeta+Enter");
    await outputOf(page).getByText("saved first").waitFor();
    await page.getByText("Saved", { exact: true }).waitFor({ state: "attached" });
  });

  await t.step("a command line runs, with its errors marked", async () => {
    const run = page.getByRole("region", { name: "Run" });
    await runLine(page, "echo out; echo problem >&2; exit 3");
    await run.getByText("Failed", { exact: true }).waitFor();
    await run.getByText(/exit 3 · /).waitFor();
    await outputOf(page).getByText("▌ problem").waitFor();
    await look("run, failed");
  });

  await t.step("stop stops", async () => {
    const run = page.getByRole("region", { name: "Run" });
    await runLine(page, "for i in $(seq 600); do echo tick $i; sleep 0.2; done");
    await outputOf(page).getByText("tick 3").waitFor();
    await page.reload();
    await outputOf(page)
      .getByText(/tick \d+/)
      .first()
      .waitFor();
    // What was printed before the reload is there too.
    await page.getByRole("textbox", { name: /^Output of/ }).press("Home");
    await outputOf(page).getByText("tick 1", { exact: true }).waitFor();
    await run.getByRole("button", { name: "Stop" }).click();
    await run.getByText("Stopped", { exact: true }).waitFor();
    await look("run, stopped");
    await run.getByRole("button", { name: "Earlier runs" }).click();
    await look("run, history");
    await run.getByRole("button", { name: "Earlier runs" }).click();
  });

  const workspace = new URL(page.url()).pathname;

  await t.step("a model is configured, and its key never comes back", async () => {
    await page.getByRole("link", { name: "Set up a model" }).click();
    await page.getByRole("button", { name: "Add provider" }).first().click();
    await page.getByRole("textbox", { name: "Base URL" }).fill(model.address);
    await page.getByRole("textbox", { name: "Model" }).fill("fake-small");
    await page.getByRole("textbox", { name: "Name" }).fill("Scripted");
    await page.getByLabel(/^Key/).fill("sk-story-secret");
    await page.getByRole("textbox", { name: "Input price" }).fill("1.5");
    await page.getByRole("textbox", { name: "Output price" }).fill("6");
    await look("model");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Key stored, encrypted").waitFor();
    await page.getByRole("button", { name: "Test" }).click();
    await page.getByText(/Tested in/).waitFor();
    await look("models");
    const answer = await page.request.get("/api/providers");
    assert.doesNotMatch(await answer.text(), /sk-story-secret/);
    await page.goto(workspace);
  });

  await t.step("an answer streams, its edits become a proposal, nothing is written", async () => {
    await makeFile(page, "prices.py", PRICES);
    const before = await textOf(page, "prices.py").innerText();
    await ask(page, "tidy the prices, please");
    await page.getByText("Answering", { exact: true }).waitFor();
    await look("answer, streaming");
    await page.getByRole("article", { name: "Proposal" }).waitFor();
    await page.getByText("Waiting for you").waitFor();
    assert.equal(await textOf(page, "prices.py").innerText(), before);
    await page.getByText(/tokens in/).waitFor();
    await look("answer, proposal");
    await page.getByRole("button", { name: "What was sent" }).first().click();
    await page.getByRole("region", { name: "Message of system" }).waitFor();
    await look("what was sent");
    assert.doesNotMatch(await page.getByRole("dialog").innerText(), /sk-story-secret/);
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
  });

  await t.step("one hunk is rejected by key, the rest applied", async () => {
    await page
      .getByRole("article", { name: "Proposal" })
      .getByRole("button", { name: "Review" })
      .click();
    await page.getByText("2 of 2 changes undecided").waitFor();
    await look("review");
    await page.keyboard.press("j");
    await page.keyboard.press("n");
    await page.getByText("1 of 2 changes undecided").waitFor();
    await page.keyboard.press("y");
    await page.getByText("All 2 changes decided").waitFor();
    await look("review, decided");
    await page.keyboard.press("a");
    await page.getByText("What you accepted is in your files").waitFor();
    const text = textOf(page, "prices.py");
    await text.getByText(".2f").waitFor();
    assert.doesNotMatch(await text.innerText(), /with and without tax/);
    await look("applied");
  });

  await t.step("the version says that the assistant made it", async () => {
    await page.getByRole("tab", { name: "Versions" }).click();
    const newest = page.getByRole("list", { name: "Versions" }).getByRole("button").first();
    await newest.getByText("Assistant").waitFor();
    await newest.click();
    await page.getByRole("button", { name: "Its proposal" }).waitFor();
    await look("version of the assistant");
  });

  await t.step("what was applied is undone", async () => {
    await page.getByRole("button", { name: "Its proposal" }).click();
    await page
      .getByRole("group", { name: "Review of the proposal" })
      .getByRole("button", { name: "Undo", exact: true })
      .click();
    await page.getByText("It was applied and then taken back").waitFor();
    await textOf(page, "prices.py").getByText(".2f").waitFor({ state: "detached" });
  });

  await t.step("a reload in mid-answer takes it up where it is", async () => {
    await page.getByRole("tab", { name: "Chat" }).click();
    await ask(page, "count slowly");
    await page.getByText("two", { exact: false }).last().waitFor();
    await page.reload();
    await page.getByText("Answering", { exact: true }).waitFor();
    await look("resumed answer");
    const answer = page.getByText("one, two, three, four, five, six, seven, eight, nine, ten.");
    await answer.waitFor({ timeout: 30_000 });
    assert.equal(await answer.count(), 1);
  });

  await t.step("stop ends an answer and keeps what came", async () => {
    await ask(page, "never end");
    await page.getByText("It begins").waitFor();
    await page.getByRole("region", { name: "Chat" }).getByRole("button", { name: "Stop" }).click();
    await page.getByText("You stopped it").waitFor();
    assert.ok(await page.getByText("It begins").isVisible());
    await look("answer, stopped");
  });

  await t.step("a failure says what to do", async () => {
    await ask(page, "fail now");
    await page.getByText("Failed", { exact: true }).last().waitFor();
    await page.getByRole("button", { name: "Ask again" }).last().waitFor();
    await look("answer, failed");
  });

  await t.step("an edit that does not fit is told, and changes nothing", async () => {
    await ask(page, "edit what is not there");
    await page.getByText(/The edit to .* can't be used|An edit can't be used/).waitFor();
    await look("edit failed");
  });

  await t.step("usage shows tokens and cost", async () => {
    const usage = await (await page.request.get("/api/usage")).json();
    assert.ok(
      usage.total.inputTokens > 0 && Number(usage.total.costUsd) > 0,
      JSON.stringify(usage),
    );
    await page.getByRole("link", { name: "Usage" }).click();
    await page.getByRole("heading", { name: "Usage" }).first().waitFor();
    await look("usage");
  });

  await t.step("no page had an error of its own", async () => {
    assert.deepEqual(troubles, []);
  });
});
