// Takes a picture of each page with made-up data: wide and narrow, light and
// dark. Usage: npm run screenshots -- FOLDER [NAME...]
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { createServer } from "vite";

const [folder = "screenshots", ...only] = process.argv.slice(2);
const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };
const SHOP = "/w/0199a4f2-6f3e-7c11-9d55-0000000000f0";
const click = (role, name) => async (page) => {
  await page.getByRole(role, { name }).first().click();
};

const openFile = async (page) => {
  const files = page.getByRole("button", { name: "Files", exact: true });
  if (await files.isVisible()) await files.click();
  await page.getByRole("treeitem", { name: "shop", exact: true }).click();
  await page
    .getByRole("treeitem", { name: /price\.py/ })
    .first()
    .click();
};

/** Presses buttons of the local model, from its beginning: the pages share one. */
const local =
  (...names) =>
  async (page) => {
    const get = page.getByRole("button", { name: /Get the local model/ });
    const stop = page.getByRole("button", { name: /^Stop/ });
    await get.or(stop).first().waitFor();
    if (await stop.isVisible()) await stop.click();
    await get.waitFor();
    for (const name of names) await click("button", name)(page);
  };

/** Name, address and what to do there before the picture. */
const SHOTS = [
  ["sign-in", "/sign-in"],
  ["sign-in-used", "/sign-in#token=used"],
  ["dashboard", "/"],
  ["archived", "/?archived=true"],
  [
    "toasts",
    "/design",
    async (page) => {
      for (const name of ["Archive", "Tell", "Fail"]) {
        await page.getByRole("button", { name, exact: true }).click();
        await page.waitForTimeout(250);
      }
      await page.mouse.move(1200, 800);
      await page.waitForTimeout(300);
    },
  ],
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
  [
    "model-prices",
    "/settings/models",
    async (page) => {
      await page.getByRole("button", { name: "Models and prices" }).last().click();
    },
  ],
  [
    "model-price",
    "/settings/models",
    async (page) => {
      await page.getByRole("button", { name: "Models and prices" }).last().click();
      await click("button", "Set the price of gpt-5.1-mini")(page);
    },
  ],
  ["models-local", "/settings/models?view=local", local()],
  ["models-local-pull", "/settings/models?view=local", local(/Get the local model/)],
  [
    "models-local-build",
    "/settings/models?view=local",
    local(/Get the local model/, "Install and build"),
  ],
  ["models-tasks", "/settings/models?view=tasks"],
  ["models-budgets", "/settings/models?view=budgets"],
  ["budget-form", "/settings/models?view=budgets", click("button", "Add budget")],
  ["models-tokens", "/settings/models?view=tokens"],
  [
    "token-new",
    "/settings/models?view=tokens",
    async (page) => {
      await click("button", "Create token")(page);
      await page.getByLabel("Name").fill("A script");
      await page.getByRole("dialog").getByRole("button", { name: "Create token" }).click();
      await page.getByText("Copy it now").waitFor();
    },
  ],
  ["models-secrets", "/settings/models?view=secrets"],
  ["models-requests", "/settings/models?view=requests"],
  ["workspace-requests", `${SHOP}?settings=requests`],
  ["system", "/settings/system"],
  ["usage", "/usage"],
  ["usage-turn", "/usage?by=turn"],
  ["not-found", "/nowhere"],
  ["design", "/design", undefined, { fullPage: true }],
  ["palette", "/", async (page) => page.keyboard.press("Control+k")],
  ["workspace", SHOP],
  [
    "palette-files",
    SHOP,
    async (page) => {
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox").fill("pri");
    },
  ],
  ["workspace-open", SHOP, openFile],
  ["workspace-rules", `${SHOP}?settings=review`, click("button", "Add a check")],
  ["workspace-chat", `${SHOP}?panel=chat`],
  [
    "workspace-review",
    `${SHOP}?panel=review`,
    async (page) => {
      await openFile(page);
      const tab = page.getByRole("tab", { name: "Review" });
      const narrow = page.getByRole("button", { name: "Review", exact: true });
      await tab.or(narrow).first().click();
      await page.getByText("Round prices to whole cents").first().click();
    },
  ],
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
      for (const shot of SHOTS) {
        if (only.length === 0 || only.includes(shot[0]))
          await take(shot, size, viewport, colorScheme);
      }
    }
  }
} finally {
  await browser.close();
  await server.close();
}

/** Takes one picture, in a browser that remembers nothing of the last one. */
async function take([name, address, act, options = {}], size, viewport, colorScheme) {
  const isMobile = size === "narrow";
  const context = await browser.newContext({
    viewport,
    colorScheme,
    isMobile,
    hasTouch: isMobile,
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const complain = (error) => console.log(`${name}, ${size}, ${colorScheme}: ${error.message}`);
  page.on("pageerror", complain);
  await page.goto(base + address);
  await page.getByRole("heading").first().waitFor();
  if (act) await act(page).catch(complain);
  await page.waitForTimeout(350);
  if (options.fullPage) {
    const height = await page.evaluate(() => document.querySelector("main").scrollHeight);
    await page.setViewportSize({ ...viewport, height: height + 60 });
  }
  await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`) });
  await context.close();
}
