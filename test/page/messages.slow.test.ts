/** Messages and events as a person sees them, in a real browser. */

import common from "azure-iot-common";
import amqp from "azure-iot-device-amqp";
import mqtt from "azure-iot-device-mqtt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LocalHub, startLocalHub } from "../../src/hub/local-hub.ts";
import { openSdkDevice } from "../support/sdk-device.ts";
import { hasBrowser, useBrowser } from "./support/browser.ts";
import { rowOf } from "./support/rows.ts";

describe.runIf(hasBrowser)("the messages view", () => {
  const browser = useBrowser();
  let hub: LocalHub;
  beforeAll(async () => {
    hub = await startLocalHub({
      ui: true,
      devices: ["device1", "device2"],
      maxDeliveryCount: 2,
      feedbackIntervalMs: 1,
    });
    hub.trust();
  });
  afterAll(() => hub.stop());

  test("shows a message that arrives, and each step of its life", async () => {
    const page = await browser.open(hub);
    await hub.send("device1", { messageId: "one", body: { a: 1 }, ack: "full" });
    const row = rowOf(page, "one");
    await row.locator(".state.enqueued").waitFor();
    const device = await openSdkDevice(hub, mqtt.Mqtt);
    device.on("message", (message) => void device.complete(message));
    await row.locator(".state.completed").waitFor();
    await row.locator(".row-feedback").waitFor();
    await row.click();
    const steps = page.locator(".timeline .step");
    await expect.poll(() => steps.count()).toBe(4);
    expect(await steps.locator(".step-label").allInnerTexts()).toEqual([
      "Enqueued",
      "Delivered",
      "Completed",
      expect.stringContaining("Feedback"),
    ]);
    expect(await page.locator(".detail pre").innerText()).toBe('{\n  "a": 1\n}');
  });

  test("each end of a message has its own look", async () => {
    const page = await browser.open(hub);
    const device = await openSdkDevice(hub, amqp.Amqp, "device2");
    const actions = { reject: 0, abandon: 0 };
    device.on("message", (message) => {
      const action = message.messageId as keyof typeof actions;
      actions[action] += 1;
      void device[action](message);
    });
    await hub.send("device2", { messageId: "reject" });
    await rowOf(page, "reject").locator(".state.rejected").waitFor();
    await hub.send("device2", { messageId: "abandon" });
    await rowOf(page, "abandon").locator(".state.deliveryCountExceeded").waitFor();
    await device.close();
    await hub.send("device2", { messageId: "soon", expiryTimeUtcMs: Date.now() + 300 });
    await rowOf(page, "soon").locator(".state.expired").waitFor();
    const looks = await page
      .locator(".rows-body .state .icon path")
      .evaluateAll((paths) => paths.map((path) => String(path.getAttribute("d"))));
    expect(new Set(looks).size).toBeGreaterThanOrEqual(4);
  });

  test("a message goes back to the queue when its device is lost", async () => {
    const page = await browser.open(hub);
    const device = await openSdkDevice(hub, amqp.Amqp, "device2");
    device.on("message", () => {});
    await hub.send("device2", { messageId: "back" });
    const row = rowOf(page, "back");
    await row.locator(".state.delivered").waitFor();
    await device.close();
    await row.locator(".state.lockLost").waitFor();
    await row.locator(".went-back").waitFor();
  });

  test("filters by device, state and text stand in the address", async () => {
    const page = await browser.open(hub);
    await hub.send("device1", { messageId: "needle", body: "in a haystack" });
    await rowOf(page, "needle").waitFor();
    await page.getByLabel("Filter by text").fill("HAYstack");
    const rows = page.locator(".rows-body .row");
    await expect.poll(() => rows.count()).toBe(1);
    await page.getByLabel("Filter by device").fill("device2");
    await page.getByRole("heading", { name: "No message matches" }).waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Clear filters" }).click();
    await page.getByLabel("Filter by state").selectOption("Dead-lettered: Rejected");
    await expect.poll(() => rows.count()).toBe(1);
    expect(page.url()).toContain("state=Dead-lettered");
  });

  test("the arrow keys, Enter and Escape are enough", async () => {
    const page = await browser.open(hub);
    await page.getByLabel("Filter by state").focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    const title = page.locator(".detail h2");
    const second = await title.innerText();
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => title.innerText()).not.toBe(second);
    await page.keyboard.press("Home");
    await page.keyboard.press("End");
    await page.keyboard.press("Escape");
    await title.waitFor({ state: "detached" });
    expect(await page.evaluate("document.activeElement.getAttribute('role')")).toBe("grid");
  });

  test("what comes from outside becomes text, and nothing else", async () => {
    const markup = '<img src=x onerror="document.title=1"><script>document.title=2</script>\u202e';
    const page = await browser.open(hub);
    const before = await page.locator("img, script, iframe, object, embed").count();
    await hub.send("device1", {
      messageId: markup,
      body: markup,
      properties: { [`name${markup}`]: markup },
      contentType: markup,
    });
    const device = await openSdkDevice(hub, mqtt.Mqtt);
    const event = new common.Message(markup);
    event.messageId = markup;
    await device.sendEvent(event);
    await rowOf(page, "onerror").first().click();
    await page.locator(".detail pre").waitFor();
    expect(await page.locator(".detail").innerText()).toContain(
      "<script>document.title=2</script>\\u202e",
    );
    await page.getByRole("link", { name: "Events" }).click();
    await rowOf(page, "onerror").first().click();
    await page.locator(".detail pre").waitFor();
    expect(await page.locator("img, script, iframe, object, embed").count()).toBe(before);
    expect(await page.title()).toBe("Events · Local hub");
  });

  test("a body of 256 KB shows its first part, and all on request", async () => {
    const page = await browser.open(hub, { view: "events" });
    const device = await openSdkDevice(hub, mqtt.Mqtt);
    const event = new common.Message(`"${"x".repeat(255 * 1024)}"`);
    event.messageId = "large";
    await device.sendEvent(event);
    await rowOf(page, "large").click();
    const body = page.locator(".detail pre");
    await body.waitFor();
    expect((await body.innerText()).length).toBeLessThan(10_000);
    await page.getByRole("button", { name: /Show all/ }).click();
    expect((await body.innerText()).length).toBeGreaterThan(255 * 1024);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(1600);
  });

  test("telemetry appears with its plot", async () => {
    const page = await browser.open(hub, { view: "events" });
    const device = await openSdkDevice(hub, mqtt.Mqtt);
    const event = new common.Message("21.5");
    event.messageId = "temperature";
    event.properties.add("room", "kitchen");
    await device.sendEvent(event);
    await rowOf(page, "temperature").click();
    await page.getByRole("row", { name: "room kitchen" }).waitFor();
    expect(await page.locator(".plot canvas").count()).toBe(1);
    await page.emulateMedia({ colorScheme: "dark" });
    await expect.poll(() => page.locator(".plot canvas").count()).toBe(1);
  });
});
