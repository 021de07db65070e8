/** A review in depth: checks, single changes in and out, what is locked, what destroys. */
import assert from "node:assert/strict";
import { DESKTOP, PHONE } from "../harness/browser.mjs";
import { call, makeWorkspace, openSetting, signIn } from "../harness/setting.mjs";
import { story } from "../harness/story.mjs";
import { FILES, GREETING } from "./sample.mjs";

const block = (old, next) =>
  `greeting.py\n<<<<<<< SEARCH\n${old}\n=======\n${next}\n>>>>>>> REPLACE\n`;
const PATCH = [
  block('    return "Hello " + name', '    return f"Hello, {name}!"'),
  block("    return text + text", "    return text * 2"),
].join("\n");
const LINES = block(
  "def shout(text):\n    return text.upper()",
  'def shout(text, *, times=1):\n    """Says it loudly."""\n    loud = text.upper()\n    return loud * times',
);

for (const [size, screen, colorScheme] of [
  ["wide and light", DESKTOP, "light"],
  ["wide and dark", DESKTOP, "dark"],
  ["narrow and light", PHONE, "light"],
  ["narrow and dark", PHONE, "dark"],
]) {
  story(`a review in depth, ${size}`, async (t) => {
    const setting = await openSetting(t, { screen, colorScheme });
    const { page, look } = setting;
    let workspaceId = "";
    const propose = async (patch) => {
      const body = { workspaceId, patch };
      const { id } = await call(page, "POST", "/api/ai/apply-diff", body);
      await page.goto(`/w/${workspaceId}?panel=review&proposal=${id}`);
      await page.getByRole("region", { name: "Checks" }).waitFor();
    };
    const textOf = async (path) => {
      const { items } = await call(page, "GET", `/api/workspaces/${workspaceId}/files`);
      const file = items.find((one) => one.path === path);
      return file ? (await call(page, "GET", `/api/files/${file.id}`)).content : undefined;
    };

    await t.step("the rules are set", async () => {
      await signIn(setting);
      workspaceId = await makeWorkspace(setting, "Greetings", FILES);
      await page.goto(`/w/${workspaceId}?settings=review`);
      await page.getByRole("button", { name: "Add a check" }).click();
      await page.getByRole("textbox", { name: "Name of check 1" }).fill("Program");
      await page.getByRole("textbox", { name: "Command of check 1" }).fill("python3 greeting.py");
      await page.getByLabel("Locked paths").fill("src/");
      await page.getByRole("textbox", { name: "Deleted files" }).fill("1");
      await look("rules");
      await page.getByRole("button", { name: "Save rules" }).click();
      await page.getByText("The rules are saved").waitFor();
    });

    await t.step("a proposal is checked in a draft", async () => {
      await propose(PATCH);
      await page.getByText("Not checked").waitFor();
      await page.getByRole("button", { name: "Check", exact: true }).click();
      await page.getByText("Checks pass").waitFor();
      await page.getByText("Program").click();
      await page.getByText("Hello, you!").waitFor();
      assert.equal(await textOf("greeting.py"), GREETING, "the files stay as they are");
      await look("verdict");
    });

    await t.step("a change is commented on by keyboard and one is left out", async () => {
      await page.getByRole("group", { name: "Review of the proposal" }).focus();
      await page.keyboard.press("j");
      await page.keyboard.press("c");
      await page.keyboard.type("Is the comma wanted?");
      await page.keyboard.press("ControlOrMeta+Enter");
      await page.getByRole("list", { name: "Comments on change 1" }).waitFor();
      await page.getByRole("region", { name: /^Change 2/ }).focus();
      await page.keyboard.press("n");
      await page.getByText("with other changes chosen").waitFor();
      await look("decided");
      await page.getByRole("button", { name: "Apply 1" }).click();
      await page.getByText("What you accepted is in your files").waitFor();
      await look("partly applied");
    });

    await t.step("the other one goes in later, and the first one out", async () => {
      await page.getByRole("button", { name: "Apply change 2" }).click();
      await page.getByText("All of it is in your files").waitFor();
      await page.getByRole("button", { name: "Undo change 1" }).click();
      await page.getByText("Taken back", { exact: true }).waitFor();
      const expected = GREETING.replace("text + text", "text * 2");
      assert.equal(await textOf("greeting.py"), expected);
    });

    await t.step("lines are commented on with the pointer and by keyboard", async () => {
      await propose(LINES);
      const line = (text) => page.locator("[data-row]").filter({ hasText: text });
      const say = async (label, words) => {
        await page.getByRole("textbox", { name: `Comment on ${label}`, exact: true }).fill(words);
        await page.getByRole("button", { name: "Comment", exact: true }).click();
        await page.getByRole("list", { name: `Comments on ${label}`, exact: true }).waitFor();
      };
      if (screen === PHONE) {
        await line("Says it loudly").tap();
        await page.getByRole("button", { name: "Comment on line 7" }).tap();
        await page.getByLabel("From line 7 to").selectOption({ label: "9" });
      } else {
        await line("Says it loudly").hover();
        await page.getByRole("button", { name: "Comment on line 7" }).hover();
        await page.mouse.down();
        await line("loud * times").hover();
        await page.mouse.up();
      }
      await look("on lines");
      await say("lines 7–9", "One line would do.");

      await page.getByRole("region", { name: /^Change 1/ }).focus();
      await page.keyboard.press("ArrowDown");
      await page.getByRole("button", { name: "Comment on old line 6" }).waitFor();
      await page.keyboard.press("Shift+ArrowDown");
      await page.keyboard.press("c");
      await page.keyboard.type("It was used by others.");
      await page.keyboard.press("ControlOrMeta+Enter");
      await page.getByRole("list", { name: "Comments on old lines 6–7" }).waitFor();
      await page.getByRole("button", { name: "Reply on lines 7–9" }).click();
      await say("lines 7–9", "Or two.");
      await look("threads");

      // Gone from the file, they are marked; one's own can be deleted.
      const { items } = await call(page, "GET", `/api/workspaces/${workspaceId}/files`);
      const { id } = items.find((one) => one.path === "greeting.py");
      const { content, versionId } = await call(page, "GET", `/api/files/${id}`);
      const body = { content: content.replace("text.upper()", "text.upper() + '!'") };
      await call(page, "PATCH", `/api/files/${id}`, body, { "if-match": `"${versionId}"` });
      await page.getByText("Outdated").first().waitFor();
      await look("outdated");
      const thread = page.getByRole("list", { name: "Comments on old lines 6–7" });
      await thread.getByRole("button", { name: "Delete this comment" }).click();
      await thread.waitFor({ state: "detached" });
    });

    await t.step("checks that go on are stopped", async () => {
      const checks = [{ name: "Endless", argv: ["sleep", "1000"] }];
      const body = { settings: { checks } };
      await call(page, "PATCH", `/api/workspaces/${workspaceId}`, body);
      await propose(block("    return text.lower()", "    return text.casefold()"));
      const panel = page.getByRole("region", { name: "Checks" });
      await panel.getByRole("button", { name: "Check", exact: true }).click();
      await panel.getByText("Endless").waitFor();
      await look("checking");
      await panel.getByRole("button", { name: "Stop", exact: true }).click();
      await panel.getByText("The checks were stopped").waitFor();
      await panel.getByRole("button", { name: "Check again" }).waitFor();
      await look("stopped");
    });

    await t.step("what destroys much is confirmed in words", async () => {
      const gone = ["README.md", "run.sh"].map((path) => `*** Delete File: ${path}\n`).join("");
      await propose(`*** Begin Patch\n${gone}*** End Patch\n`);
      await page.getByText("Destructive").waitFor();
      await page.getByRole("button", { name: "Apply all 2" }).click();
      const gate = page.getByRole("dialog", { name: "This destroys a lot" });
      await gate.waitFor();
      await look("gate");
      await gate.getByRole("textbox").fill("delete 2 files");
      await page.keyboard.press("Enter");
      await page.getByText("All of it is in your files").waitFor();
      assert.equal(await textOf("README.md"), undefined);
    });

    await t.step("a lock is shown on a person's own change", async () => {
      const change = block("export const answer = 42;", "export const answer = 43;");
      await propose(change.replace("greeting.py", "src/deep/inner.js"));
      await page.getByText("locked by src/").waitFor();
      await look("locked");
    });
  });
}
