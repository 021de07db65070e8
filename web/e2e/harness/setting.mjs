/** What every story needs: a server, a scripted model, a browser that is signed in. */
import {
  expectNoBarriers,
  expectNoSidewaysScroll,
  openBrowser,
  openPage,
  openWindow,
  picture,
} from "./browser.mjs";
import { startAtelier, startModel } from "./processes.mjs";

/** How long a page may take for anything, in milliseconds. */
const PATIENCE = 20_000;

/** Starts everything and has it end with the story. */
export async function openSetting(t, { script, config, ...window } = {}) {
  const atelier = await startAtelier({ config });
  t.after(atelier.stop);
  const model = script ? await startModel(script) : undefined;
  if (model) t.after(model.stop);
  const browser = await openBrowser();
  t.after(() => browser.close());

  const troubles = [];
  const context = await openWindow(browser, atelier.address, window);
  const page = await openPage(context, troubles);
  page.setDefaultTimeout(PATIENCE);
  t.onFailure = async (name) => {
    await picture(page, `${t.slug} failed, ${name}`);
    console.log(`        server:\n${atelier.output()}`);
    for (const trouble of troubles) console.log(`        ${trouble}`);
  };
  let shots = 0;
  /** Looks at the page as it is: a picture, what axe says, and whether it fits. */
  const look = async (name) => {
    shots += 1;
    await picture(page, `${t.slug} ${String(shots).padStart(2, "0")} ${name}`);
    await expectNoBarriers(page);
    await expectNoSidewaysScroll(page);
  };
  return { atelier, model, browser, context, page, troubles, look };
}

/** Signs in by the link that the server printed. */
export async function signIn({ page, atelier }) {
  await page.goto(atelier.link);
  await page.getByRole("heading", { name: "Workspaces" }).waitFor();
}

/** Asks the server something as the page would; throws when it refuses. */
export function call(page, method, path, body, headers = {}) {
  return page.evaluate(
    async ([method, path, body, headers]) => {
      const answer = await fetch(path, {
        method,
        headers: { "content-type": "application/json", ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return text === "" ? undefined : JSON.parse(text);
    },
    [method, path, body, headers],
  );
}

/** Makes a workspace with some files, and sets the scripted model up. Returns its id. */
export async function makeWorkspace({ page, model }, name, files) {
  const { id } = await call(page, "POST", "/api/workspaces", { name, source: { type: "empty" } });
  for (const [path, content] of Object.entries(files)) {
    await call(page, "POST", `/api/workspaces/${id}/files`, { path, content });
  }
  if (model) {
    const provider = { name: "Scripted", baseUrl: model.address, model: "fake-small" };
    await call(page, "POST", "/api/providers", provider);
  }
  return id;
}
