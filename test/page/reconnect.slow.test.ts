/** The page comes back by itself, and does not listen while nobody looks. */

import { describe, expect, onTestFinished, test } from "vitest";
import { startLocalHub } from "../../src/hub/local-hub.ts";
import { temporaryDirectory } from "../support/local-hub.ts";
import { hasBrowser, useBrowser } from "./support/browser.ts";
import { rowOf } from "./support/rows.ts";

describe.runIf(hasBrowser)("the page of a durable hub", () => {
  const browser = useBrowser();
  test("says that the hub has stopped, and goes on once it runs again", async () => {
    const options = { ui: true, directory: temporaryDirectory(), devices: ["device1"] };
    const first = await startLocalHub(options);
    const page = await browser.open(first, { mayDisconnect: true });
    await page.getByRole("heading", { name: "No messages yet" }).waitFor();
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
  });
});
