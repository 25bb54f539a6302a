/** A real browser, in which nothing may leave the machine or break the content security policy. */

import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { findBrowser } from "../../../scripts/screenshots/find-browser.mjs";
import type { LocalHub } from "../../../src/hub/local-hub.ts";

const executablePath = findBrowser();

export const hasBrowser = executablePath !== undefined;
if (!hasBrowser) {
  process.stderr.write("SKIPPED: no chromium on PATH; the tests of the hub's page do not run\n");
}

export const WIDE = { width: 1600, height: 900 };
export const PHONE = { width: 400, height: 800 };

interface OpenOptions extends BrowserContextOptions {
  /** "messages?device=device1" */
  readonly view?: string;
  /** The hub stops meanwhile: requests that fail are no error. */
  readonly mayDisconnect?: boolean;
}

/** One for the file: call it once, at the top. */
export function useBrowser() {
  let browser: Browser;
  beforeAll(async () => {
    if (executablePath === undefined) return;
    const isRoot = process.getuid?.() === 0;
    browser = await chromium.launch({ executablePath, args: isRoot ? ["--no-sandbox"] : [] });
  });
  afterAll(() => browser?.close());
  return {
    /** The page of the hub, live; the test fails if the page did anything that it must not. */
    open: async (hub: LocalHub, options: OpenOptions = {}): Promise<Page> => {
      const { view = "messages", mayDisconnect = false, ...rest } = options;
      const context = await browser.newContext({ viewport: WIDE, ...rest });
      const page = await context.newPage();
      const wrong = watch(page, mayDisconnect);
      onTestFinished(async () => {
        await context.close();
        expect(wrong).toEqual([]);
      });
      await page.goto(hub.uiUrl ?? "");
      // After the redirect to the address without the key.
      await page.locator(".link-state.live").waitFor();
      await page.evaluate(`location.hash = "#/${view}"`);
      await page.locator(`main.${view.split("?")[0]}`).waitFor();
      return page;
    },
  };
}

function watch(page: Page, mayDisconnect: boolean): string[] {
  const wrong: string[] = [];
  page.on("console", (message) => {
    const isFailedRequest = message.text().includes("Failed to load resource");
    if (mayDisconnect && isFailedRequest) return;
    if (["error", "warning"].includes(message.type())) wrong.push(message.text());
  });
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("request", (request) => {
    if (new URL(request.url()).hostname !== "127.0.0.1") wrong.push(request.url());
  });
  return wrong;
}
