/** The terminals of the workspace page. */

/** The lines on the screen of the terminal in front. */
export function screenOf(page) {
  return page.getByRole("region", { name: "Terminals" }).locator(".xterm-rows:visible");
}

/** Opens a terminal, and waits until its shell asks for a command. */
export async function openTerminal(page) {
  await page.getByRole("tab", { name: "Terminal" }).waitFor();
  await page.keyboard.press("Control+Backquote");
  await page.getByRole("button", { name: "New terminal" }).last().click();
  await screenOf(page).getByText("$").first().waitFor();
}

/** Types a line into the terminal that has the keyboard. */
export async function typeLine(page, line) {
  await page.keyboard.type(line);
  await page.keyboard.press("Enter");
}
