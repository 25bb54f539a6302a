/** The page comes back by itself, and does not listen while nobody looks. */

import { describe, expect, onTestFinished, test } from "vitest";
import { startLocalHub } from "../../src/hub/local-hub.ts";
import { temporaryDirectory } from "../support/local-hub.ts";
import { hasBrowser, useBrowser } from "./support/browser.ts";
import { rowOf } from "./support/rows.ts";

describe.runIf(hasBrowser)("the page", () => {
  const browser = useBrowser();
  test("says that the hub has stopped, and goes on once it runs again", async () => {
    const options = { ui: true, directory: temporaryDirectory(), devices: ["device1"] };
    const first = await startLocalHub(options);
    const page = await browser.open(first, { mayDisconnect: true });
    await page.getByRole("heading", { name: "No messages yet" }).waitFor();
    await first.send("device1", { messageId: "before" });
    await rowOf(page, "before").click();
    await page.getByRole("region", { name: "Message details" }).waitFor();
    const { port } = new URL(first.uiUrl ?? "");
    await first.stop();
    await page.getByText("The hub has stopped.").waitFor();
    await page.getByText("c2d-hub start").waitFor();
    const hub = await startLocalHub({ ...options, uiPort: Number(port) });
    onTestFinished(() => hub.stop());
    await hub.send("device1", { messageId: "afterwards" });
    await page.locator(".link-state.live").waitFor();
    await rowOf(page, "afterwards").waitFor();
    expect(await page.getByText("The hub has stopped.").count()).toBe(0);
    expect(await page.getByRole("region", { name: "Message details" }).count()).toBe(0);
  });

  test("listens only while somebody can see it", async () => {
    const hub = await startLocalHub({ ui: true, devices: ["device1"] });
    onTestFinished(() => hub.stop());
    const page = await browser.open(hub);
    const ended = page.waitForEvent("requestfailed", (request) =>
      request.url().endsWith("/stream"),
    );
    const setHidden = (isHidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));`);
    await setHidden(true);
    await ended;
    await hub.send("device1", { messageId: "meanwhile" });
    await setHidden(false);
    await rowOf(page, "meanwhile").waitFor();
  });

  test("says that it shows a sample", async () => {
    const devices = Array.from({ length: 40 }, (_, n) => `device${n}`);
    const hub = await startLocalHub({ ui: true, devices });
    onTestFinished(() => hub.stop());
    const page = await browser.open(hub);
    const note = page.locator(".sample").waitFor();
    for (const deviceId of devices) {
      for (let n = 0; n < 50; n += 1) await hub.send(deviceId, { body: n });
    }
    await note;
    await page.locator(".sample").waitFor({ state: "detached" });
    await page.getByText("1,000 messages").waitFor();
  });
});
