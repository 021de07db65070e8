/** A real Chromium, and what the stories look for in its pages. */
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";

const RESULTS = new URL("../results/", import.meta.url);

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The screens that every page must be good on. */
export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** Starts the browser. */
export function openBrowser() {
  const executablePath = process.env.CHROMIUM ?? process.env.CHROMIUM_BIN ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: FLAGS });
}

/** Opens a window of its own: its cookies and storage are nobody else's. */
export async function openWindow(browser, address, { screen = DESKTOP, ...options } = {}) {
  const isPhone = screen === PHONE;
  const context = await browser.newContext({
    baseURL: address,
    viewport: screen,
    hasTouch: isPhone,
    isMobile: isPhone,
    reducedMotion: "reduce",
    ...options,
  });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  return context;
}

/** Opens a page that tells of what goes wrong in it. */
export async function openPage(context, troubles) {
  const page = await context.newPage();
  page.on("pageerror", (error) => troubles.push(`error in the page: ${error.message}`));
  page.on("console", (message) => {
    const text = message.text();
    // The browser itself reports refusals that the page handles and shows.
    if (message.type() === "error" && !text.startsWith("Failed to load resource")) {
      troubles.push(`console: ${text}`);
    }
  });
  page.on("dialog", (dialog) => void dialog.accept());
  return page;
}

/** Keeps a picture of what is shown. */
export async function picture(page, name) {
  await mkdir(RESULTS, { recursive: true });
  // What was drawn a moment ago may not be measured and placed yet.
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(), 120))),
  );
  await page.screenshot({
    path: fileURLToPath(new URL(`${encodeURIComponent(name)}.png`, RESULTS)),
  });
}

/** Fails with every barrier that axe finds in what is shown. */
export async function expectNoBarriers(page) {
  const { violations } = await new AxeBuilder({ page })
    // Older toasts stand shrunk behind the newest until they are pointed at.
    .exclude('[data-sonner-toast][data-front="false"]')
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  if (violations.length === 0) return;
  const found = violations.map(({ id, help, nodes }) => {
    const places = nodes.slice(0, 5).map(({ html, failureSummary }) => {
      const why = failureSummary?.split("\n").slice(1, 3).join(" ");
      return `    ${html.slice(0, 220)}\n      ${why}`;
    });
    return `  ${id}: ${help} (${nodes.length})\n${places.join("\n")}`;
  });
  throw new Error(`axe found barriers:\n${found.join("\n")}`);
}

/** Fails when the page is wider than the screen. */
export async function expectNoSidewaysScroll(page) {
  const [content, screen] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  if (content > screen) throw new Error(`the page is ${content} px wide on ${screen} px`);
}
