/** Every view, in both themes, wide and narrow: accessible, and never wider than the screen. */

import axe from "axe-core";
import common from "azure-iot-common";
import mqtt from "azure-iot-device-mqtt";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LocalHub, startLocalHub } from "../../src/hub/local-hub.ts";
import { openSdkDevice } from "../support/sdk-device.ts";
import { hasBrowser, PHONE, useBrowser, WIDE } from "./support/browser.ts";
import { rowOf } from "./support/rows.ts";

const VIEWS = ["messages", "events", "devices", "send"];
const LONG = "long-".repeat(25);

async function violations(page: Page): Promise<unknown> {
  await page.evaluate(axe.source);
  return await page.evaluate(`axe.run().then(({ violations }) =>
    violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]))`);
}

describe.runIf(hasBrowser)("the page", () => {
  const browser = useBrowser();
  let empty: LocalHub;
  let full: LocalHub;
  beforeAll(async () => {
    empty = await startLocalHub({ ui: true });
    full = await startLocalHub({
      ui: true,
      devices: [LONG, ...Array.from({ length: 5000 }, (_, n) => `device${n}`)],
    });
    full.trust();
    for (let n = 0; n < 1000; n += 1) {
      await full.send(`device${n}`, {
        messageId: `${LONG.slice(0, 100)}${n}`,
        body: { [LONG]: LONG },
      });
    }
  });
  afterAll(() => Promise.all([empty.stop(), full.stop()]));

  for (const colorScheme of ["light", "dark"] as const) {
    for (const viewport of [WIDE, PHONE]) {
      test.each(VIEWS)(`%s, ${colorScheme}, ${viewport.width} px`, async (view) => {
        const device = await openSdkDevice(full, mqtt.Mqtt, "device0");
        await device.sendEvent(new common.Message(LONG.repeat(20)));
        for (const hub of [empty, full]) {
          const page = await browser.open(hub, { view, colorScheme, viewport, bypassCSP: true });
          if (hub === full && view !== "send") {
            await page.locator(".rows-body .row").first().click();
            await page.locator(".detail h2").waitFor();
            if (view !== "devices") await page.locator(".detail pre").waitFor();
          }
          expect(await violations(page)).toEqual([]);
          expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(viewport.width);
          expect(await page.locator(".rows-body .row").count()).toBeLessThan(80);
        }
      });
    }
  }

  test("on a phone the details cover the list, until Escape", async () => {
    const page = await browser.open(full, { viewport: PHONE });
    const row = page.locator(".rows-body .row").first();
    await row.click();
    await expect
      .poll(() => page.evaluate("document.activeElement.getAttribute('aria-label')"))
      .toBe("Close details");
    await page.keyboard.press("Escape");
    await page.locator(".detail").waitFor({ state: "detached" });
    await row.click();
    await page.goBack();
    await page.locator(".detail").waitFor({ state: "detached" });
  });

  test("the last of 5,000 devices is a key away", async () => {
    const page = await browser.open(full, { view: "devices" });
    await page.getByRole("grid").focus();
    await page.keyboard.press("End");
    await rowOf(page, LONG).waitFor();
  });
});
