/** The workspace page, as people find their way in it: by role and name. */

/** The editor's text box of a file. */
export function textOf(page, path) {
  return page.getByRole("textbox", { name: `Text of ${path}` });
}

/** Opens a file from the explorer. */
export async function openFile(page, path) {
  const name = path.slice(path.lastIndexOf("/") + 1);
  await page.getByRole("treeitem", { name, exact: true }).click();
  await textOf(page, path).waitFor();
}

/** Writes a text in place of all that is in the editor. */
export async function replaceText(page, path, text) {
  const box = textOf(page, path);
  await box.click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText(text);
}

/** Saves by key and waits until it is saved. */
export async function save(page) {
  await page.keyboard.press("ControlOrMeta+S");
  await page.getByText("Saved", { exact: true }).waitFor({ state: "attached" });
}

/** Makes a file with a text, saved. */
export async function makeFile(page, name, text) {
  await page.getByRole("button", { name: "New file" }).first().click();
  await page.getByRole("textbox", { name: "Name of the new file" }).fill(name);
  await page.keyboard.press("Enter");
  await textOf(page, name).waitFor();
  await replaceText(page, name, text);
  await save(page);
}

/** Runs a command line and waits for its end; returns the badge's word. */
export async function runLine(page, command) {
  await page.getByRole("textbox", { name: "Command line" }).fill(command);
  await page.getByRole("button", { name: "Run line" }).click();
}

/** What a run printed, as a screen reader hears it. */
export function outputOf(page) {
  return page.getByRole("region", { name: "Run" }).locator(".xterm-accessibility-tree");
}

/** Asks the assistant. */
export async function ask(page, question) {
  await page.getByRole("textbox", { name: "Your question" }).fill(question);
  await page.getByRole("button", { name: "Send" }).click();
}
