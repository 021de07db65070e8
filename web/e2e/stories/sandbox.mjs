/** Servers and their previews, the network, limits, and what the machine can do. */
import assert from "node:assert/strict";
import { PHONE } from "../harness/browser.mjs";
import { makeWorkspace, openSetting, signIn } from "../harness/setting.mjs";
import { story } from "../harness/story.mjs";
import { openTerminal, screenOf, typeLine } from "../harness/terminal.mjs";
import { outputOf, runLine } from "../harness/workspace.mjs";

const FILES = { "index.html": "<title>Garden</title><h1>Hello from the cell</h1>\n" };
/** Asks a host through the cell's proxy, and prints what the proxy answers. */
const ASK = `import urllib.error, urllib.request
try:
    print("status", urllib.request.urlopen("http://nobody.invalid/").status)
except urllib.error.HTTPError as error:
    print("status", error.code)
`;

story("a server in the sandbox", async (t) => {
  const setting = await openSetting(t);
  const { page, look } = setting;
  const preview = () => page.frameLocator("iframe[title='Page of port 8000']");

  await t.step("begins to listen, which the page offers to show", async () => {
    await signIn(setting);
    const id = await makeWorkspace(setting, "Garden", FILES);
    await page.goto(`/w/${id}?panel=preview`);
    await page.getByText("No server is listening").waitFor();
    await look("no server");
    await page.goto(`/w/${id}`);
    await openTerminal(page);
    await typeLine(page, "python3 -m http.server 8000");
    await page.getByText("Port 8000 is listening").waitFor();
    await look("offered");
  });

  await t.step("its page is shown on an origin of its own", async () => {
    await page.getByRole("button", { name: "Open preview" }).click();
    await preview().getByRole("heading", { name: "Hello from the cell" }).waitFor();
    await look("preview");
    const frame = page.frames().find((each) => each.url().includes("8000--"));
    assert.ok(frame, "the frame is on the preview's origin");
    const reached = await frame.evaluate(
      (app) =>
        fetch(`${app}/api/session`, { credentials: "include" }).then(
          () => "answered",
          () => "refused",
        ),
      setting.atelier.address,
    );
    assert.equal(reached, "refused");
  });

  await t.step("another path, and the page again", async () => {
    await page.getByRole("textbox", { name: "Path" }).fill("/nothing-here");
    await page.keyboard.press("Enter");
    await preview().getByText("File not found").first().waitFor();
    await page.getByRole("textbox", { name: "Path" }).fill("index.html");
    await page.keyboard.press("Enter");
    await preview().getByRole("heading", { name: "Hello from the cell" }).waitFor();
    const [tab] = await Promise.all([
      setting.context.waitForEvent("page"),
      page.getByRole("button", { name: "Open in a new tab" }).click(),
    ]);
    await tab.getByRole("heading", { name: "Hello from the cell" }).waitFor();
    assert.equal(await tab.evaluate(() => window.opener), null);
    await tab.close();
  });

  await t.step("the sandbox says what is in it, and is stopped", async () => {
    await page.getByRole("button", { name: /^Sandbox: running/ }).click();
    await page.getByText("python3 -m http.server 8000", { exact: true }).waitFor();
    await look("sandbox");
    await page.getByRole("button", { name: "Stop", exact: true }).last().click();
    await look("stopping");
    await page.getByRole("button", { name: "Stop it" }).click();
    await page.getByRole("button", { name: /^Sandbox: stopped/ }).waitFor({ state: "attached" });
    await page.keyboard.press("Escape");
    await page.getByText("No server is listening").waitFor();
    await screenOf(page).waitFor();
    await page.getByRole("button", { name: "Restart" }).waitFor();
    await look("stopped");
  });
});

story("the network of the sandbox", async (t) => {
  const setting = await openSetting(t);
  const { page, look } = setting;

  await t.step("is off: what is refused is told, with the way to allow it", async () => {
    await signIn(setting);
    const id = await makeWorkspace(setting, "Garden", { "ask.py": ASK });
    await page.goto(`/w/${id}`);
    await page.getByText("Network off").waitFor();
    await runLine(page, "python3 ask.py");
    await outputOf(page).getByText("status 403").first().waitFor();
    await page.getByText("nobody.invalid:80", { exact: true }).waitFor();
    await look("refused");
  });

  await t.step("one click allows it", async () => {
    await page.getByRole("button", { name: /^Allow nobody\.invalid/ }).click();
    await page.getByText("Network: 1 grant").waitFor();
    await page.getByText("nobody.invalid:80", { exact: true }).waitFor({ state: "detached" });
    // The name leads nowhere, so the proxy, which now lets it through, says so.
    await runLine(page, "python3 ask.py");
    await outputOf(page)
      .getByText(/status 50\d/)
      .first()
      .waitFor();
  });

  await t.step("the settings list it and take it back", async () => {
    await page.getByText("Network: 1 grant").click();
    await page.getByRole("button", { name: "Allow package registries" }).click();
    await page.getByText("PyPI, npm, crates.io").waitFor();
    await look("settings");
    await page.getByRole("button", { name: /^Remove nobody\.invalid/ }).click();
    await page.getByRole("button", { name: "Remove package registries" }).click();
    await page.getByText("Nothing: the network is off.").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("Network off").waitFor();
  });
});

story("the limits of the sandbox", async (t) => {
  const setting = await openSetting(t);
  const { page, look } = setting;

  await t.step("are set for the workspace, within the server's", async () => {
    await signIn(setting);
    const id = await makeWorkspace(setting, "Garden", FILES);
    await page.goto(`/w/${id}`);
    await page.getByRole("button", { name: "Workspace settings" }).click();
    await page.getByRole("textbox", { name: "Time" }).fill("1");
    await page.getByRole("textbox", { name: "Memory" }).fill("99999999");
    await page.getByRole("button", { name: "Save limits" }).click();
    await page.getByText(/This server allows at most/).waitFor();
    await look("refused");
    await page.getByRole("textbox", { name: "Memory" }).fill("");
    await page.getByRole("button", { name: "Save limits" }).click();
    await page.getByText("The limits are saved").waitFor();
    await look("saved");
    await page.keyboard.press("Escape");
  });

  await t.step("end a run that goes over them, and say so", async () => {
    await runLine(page, "sleep 30");
    await page.getByText("Out of time", { exact: true }).waitFor();
    await page.getByRole("link", { name: "Limits of this workspace" }).waitFor();
    await look("out of time");
  });

  await t.step("a run has options of its own", async () => {
    await page.getByRole("button", { name: /^Options/ }).click();
    await page.getByRole("textbox", { name: "Input" }).fill("from the page\n");
    await page.getByRole("checkbox", { name: "Run as a server" }).check();
    await look("options");
    await page.keyboard.press("Escape");
    await runLine(page, "cat; sleep 2; echo still here");
    await outputOf(page).getByText("from the page").first().waitFor();
    await outputOf(page).getByText("still here").first().waitFor();
    await page.getByText("Finished", { exact: true }).waitFor();
  });
});

story("a draft over the sandbox's files", async (t) => {
  const setting = await openSetting(t);
  const { page, look } = setting;

  await t.step("takes what a run changes, and becomes a proposal", async () => {
    await signIn(setting);
    const id = await makeWorkspace(setting, "Garden", { "plants.txt": "rose\n" });
    await page.goto(`/w/${id}`);
    await page.getByRole("button", { name: /^Options/ }).click();
    await page.getByRole("combobox", { name: "Where" }).selectOption("In a new draft");
    await page.keyboard.press("Escape");
    await runLine(page, "echo lily >> plants.txt; echo done");
    await outputOf(page).getByText("done").first().waitFor();
    await page.getByText("Finished", { exact: true }).waitFor();
    await page.getByRole("tab", { name: "Drafts" }).click();
    await page.getByRole("list", { name: "Changes" }).getByText("plants.txt").waitFor();
    await look("draft");
    await page.getByRole("button", { name: "Make a proposal" }).click();
    await page.getByText(/change undecided|changes undecided/).waitFor();
    await look("proposal");
  });
});

story("what the machine can do", async (t) => {
  const setting = await openSetting(t);
  const { page, look } = setting;

  await t.step("each layer and language is told", async () => {
    await signIn(setting);
    await page.goto("/settings/system");
    const layers = page.getByRole("list", { name: "Layers of isolation" });
    await layers.getByText("Active").first().waitFor();
    const languages = page.getByRole("list", { name: "Languages" });
    await languages.getByText("Python", { exact: true }).waitFor();
    assert.match((await languages.textContent()) ?? "", /Python3\.\d+/);
    await look("system");
  });
});

for (const colorScheme of ["light", "dark"]) {
  story(`the sandbox on a phone, ${colorScheme}`, async (t) => {
    const setting = await openSetting(t, { screen: PHONE, colorScheme });
    const { page, look } = setting;

    await t.step("a server, its page, its network and its end", async () => {
      await signIn(setting);
      const id = await makeWorkspace(setting, "Garden", FILES);
      await page.goto(`/w/${id}?panel=terminal`);
      await page.getByRole("button", { name: "New terminal" }).last().tap();
      await screenOf(page).getByText("$").first().waitFor();
      await typeLine(page, "python3 -m http.server 8000");
      await page.getByRole("button", { name: "Open preview" }).tap();
      const frame = page.frameLocator("iframe[title='Page of port 8000']");
      await frame.getByRole("heading", { name: "Hello from the cell" }).waitFor();
      await look("preview");
      await page.getByRole("button", { name: "Workspace settings" }).tap();
      await page.getByRole("textbox", { name: "Memory" }).waitFor();
      await look("limits");
      await page.getByRole("tab", { name: "Network" }).tap();
      await page.getByText("Nothing: the network is off.").waitFor();
      await look("network");
      await page.getByRole("button", { name: "Close", exact: true }).tap();
      await page.getByRole("button", { name: /^Sandbox: running/ }).tap();
      await page.getByText("python3 -m http.server 8000", { exact: true }).waitFor();
      await look("sandbox");
    });
  });
}
