// Takes a picture of each page with made-up data: wide and narrow, light and
// dark. Usage: npm run screenshots -- FOLDER [NAME...]
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { createServer } from "vite";

const [folder = "screenshots", ...only] = process.argv.slice(2);
const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };
const SHOP = "/w/0199a4f2-6f3e-7c11-9d55-000000000001";
const click = (role, name) => async (page) => {
  await page.getByRole(role, { name }).first().click();
};

/** Name, address and what to do there before the picture. */
const SHOTS = [
  ["sign-in", "/sign-in"],
  ["sign-in-used", "/sign-in#token=used"],
  ["dashboard", "/"],
  ["archived", "/?archived=true"],
  ["menu", "/", click("button", "Actions for Shop")],
  [
    "new-template",
    "/",
    async (page) => {
      await click("button", "New workspace")(page);
      await click("tab", "Template")(page);
      await page.getByText("A small program").click();
    },
  ],
  [
    "new-refused",
    "/",
    async (page) => {
      await click("button", "New workspace")(page);
      await click("tab", "Folder")(page);
      await page.getByLabel("Folder on this server").fill("/nowhere");
      await click("button", "Create workspace")(page);
      await page.getByRole("alert").waitFor();
    },
  ],
  [
    "new-zip",
    "/",
    async (page) => {
      await click("button", "New workspace")(page);
      await click("tab", "Zip")(page);
    },
  ],
  [
    "models",
    "/settings/models",
    async (page) => {
      for (const test of await page.getByRole("button", { name: "Test" }).all()) await test.click();
    },
  ],
  ["model-form", "/settings/models", click("button", "Edit OpenAI")],
  ["system", "/settings/system"],
  ["usage", "/usage"],
  ["usage-turn", "/usage?by=turn"],
  ["not-found", "/nowhere"],
  ["design", "/design", undefined, { fullPage: true }],
  ["palette", "/", async (page) => page.keyboard.press("Control+k")],
  ["workspace", SHOP],
];

await mkdir(folder, { recursive: true });
const server = await createServer({ mode: "fake", server: { port: 0, host: "127.0.0.1" } });
await server.listen();
const base = server.resolvedUrls.local[0].replace(/\/$/, "");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
});
try {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ["light", "dark"]) {
      const context = await browser.newContext({
        viewport,
        colorScheme,
        reducedMotion: "reduce",
        hasTouch: size === "narrow",
        isMobile: size === "narrow",
      });
      for (const [name, address, act, options = {}] of SHOTS) {
        if (only.length > 0 && !only.includes(name)) continue;
        const page = await context.newPage();
        page.on("pageerror", (error) => console.log(`${name}: ${error.message}`));
        await page.goto(base + address);
        await page.getByRole("heading").first().waitFor();
        if (act) await act(page);
        await page.waitForTimeout(350);
        if (options.fullPage) {
          const height = await page.evaluate(() => document.querySelector("main").scrollHeight);
          await page.setViewportSize({ ...viewport, height: height + 60 });
        }
        await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`) });
        await page.close();
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
  await server.close();
}
