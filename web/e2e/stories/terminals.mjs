/** A terminal: typing, size, Ctrl-C, and coming back to the same text. */
import assert from "node:assert/strict";
import { PHONE } from "../harness/browser.mjs";
import { makeWorkspace, openSetting, signIn } from "../harness/setting.mjs";
import { story } from "../harness/story.mjs";
import { openTerminal, screenOf, typeLine } from "../harness/terminal.mjs";

story("a terminal", async (t) => {
  const setting = await openSetting(t);
  const { page, look } = setting;
  const says = (text) => screenOf(page).getByText(text, { exact: true }).first().waitFor();

  await t.step("it is opened by key and types into a shell", async () => {
    await signIn(setting);
    const id = await makeWorkspace(setting, "Greetings", { "main.py": "print('hello')\n" });
    await page.goto(`/w/${id}`);
    await page.getByRole("treeitem", { name: "main.py" }).waitFor();
    await openTerminal(page);
    await typeLine(page, "python3 main.py");
    await says("hello");
    await look("typed");
  });

  await t.step("the program knows the size, and learns of another", async () => {
    const columns = async () => {
      await typeLine(page, "echo wide-$(stty size | cut -d' ' -f2)-");
      const found = screenOf(page)
        .getByText(/^wide-\d+-$/)
        .last();
      await found.waitFor();
      return Number(/\d+/.exec((await found.textContent()) ?? "")?.[0]);
    };
    const before = await columns();
    await page.setViewportSize({ width: 1000, height: 900 });
    await typeLine(page, "clear");
    await page.waitForFunction(
      () => !document.querySelector(".xterm-rows")?.textContent?.includes("wide"),
    );
    const after = await columns();
    assert.ok(after < before, `${after} columns after ${before}`);
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  await t.step("Ctrl-C interrupts the program", async () => {
    await typeLine(page, "echo began; cat");
    await says("began");
    await page.keyboard.press("Control+C");
    await typeLine(page, "echo left-$?");
    await says("left-130");
  });

  await t.step("a reload shows the same text", async () => {
    await typeLine(page, "for i in 1 2 3; do echo line-$i; done");
    await says("line-3");
    const before = await screenOf(page).innerText();
    await page.reload();
    await says("line-3");
    const after = await screenOf(page).innerText();
    assert.equal(after.trim(), before.trim());
  });

  await t.step("the keyboard leaves it and comes back", async () => {
    await page.keyboard.press("Control+Backquote");
    await page.waitForFunction(() => document.activeElement?.closest(".xterm") !== null);
    await page.keyboard.press("Shift+F6");
    await page.waitForFunction(() => document.activeElement?.closest(".xterm") === null);
    await page.keyboard.press("Control+Backquote");
    await page.waitForFunction(() => document.activeElement?.closest(".xterm") !== null);
  });

  await t.step("the end of its program is told, and it is closed", async () => {
    await typeLine(page, "exit 3");
    await page.getByText("The program ended with exit status 3.").waitFor();
    await look("ended");
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await page.getByText("No terminal is open").waitFor();
    await look("none");
  });
});

story("a terminal on a phone", async (t) => {
  const setting = await openSetting(t, { screen: PHONE, colorScheme: "dark" });
  const { page, look } = setting;

  await t.step("its keys are there", async () => {
    await signIn(setting);
    const id = await makeWorkspace(setting, "Greetings", { "main.py": "print('hello')\n" });
    await page.goto(`/w/${id}?panel=terminal`);
    await page.getByRole("button", { name: "New terminal" }).last().tap();
    await screenOf(page).getByText("$").first().waitFor();
    await typeLine(page, "echo began; cat");
    await screenOf(page).getByText("began", { exact: true }).waitFor();
    await page.getByRole("button", { name: /Control/ }).tap();
    await page.keyboard.type("c");
    await typeLine(page, "echo left-$?");
    await screenOf(page).getByText("left-130", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Up", exact: true }).tap();
    await screenOf(page).getByText("echo left-$?").nth(1).waitFor();
    await look("typed");
  });
});
