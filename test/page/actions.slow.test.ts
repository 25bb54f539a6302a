/** What a person can do on the page, in a real browser. */

import amqp from "azure-iot-device-amqp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LocalHub, startLocalHub } from "../../src/hub/local-hub.ts";
import { openSdkDevice } from "../support/sdk-device.ts";
import { hasBrowser, useBrowser } from "./support/browser.ts";
import { rowOf } from "./support/rows.ts";

/** Every character that IoT Hub permits in the id of a device. */
const LEGAL = "aZ09-.:+%_#*?!(),=@$'";

describe.runIf(hasBrowser)("the devices view", () => {
  const browser = useBrowser();
  let hub: LocalHub;
  beforeAll(async () => {
    hub = await startLocalHub({ ui: true });
    hub.trust();
  });
  afterAll(() => hub.stop());

  test.each(["device1", LEGAL, "."])(
    "creates, disables, enables and deletes %s",
    async (deviceId) => {
      const page = await browser.open(hub, { view: "devices" });
      await page.getByLabel("Id of the new device").fill(deviceId);
      await page.getByRole("button", { name: "Create" }).click();
      const detail = page.getByRole("region", { name: "Device details" });
      await detail.getByRole("heading", { name: deviceId, exact: true }).waitFor();
      await detail.getByRole("button", { name: "Disable" }).click();
      await detail.getByText("Disabled").waitFor();
      await detail.getByRole("button", { name: "Enable" }).click();
      await detail.getByText("Not connected").waitFor();
      await detail.getByRole("button", { name: "Delete…" }).click();
      const dialog = page.getByRole("dialog");
      expect(await dialog.innerText()).toContain(`${deviceId}, its keys and 0 messages`);
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
      await detail.getByRole("button", { name: "Delete…" }).click();
      await dialog.getByRole("button", { name: "Delete" }).click();
      await detail.waitFor({ state: "detached" });
    },
  );

  test("a device that exists, or cannot, is refused in the hub's words", async () => {
    const page = await browser.open(hub, { view: "devices", mayDisconnect: true });
    hub.deviceConnectionString("twice");
    await page.getByLabel("Id of the new device").fill("twice");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("alert").getByText("DeviceAlreadyExists").waitFor();
    expect(await page.getByLabel("Id of the new device").inputValue()).toBe("twice");
  });

  test("connections and queues follow what happens, and a queue is purged", async () => {
    const page = await browser.open(hub, { view: "devices" });
    const device = await openSdkDevice(hub, amqp.Amqp, "busy");
    device.on("message", () => {});
    await hub.send("busy", { messageId: "1" });
    const row = rowOf(page, "busy");
    await row.getByText("AMQP").waitFor();
    await row.getByText("1 of 50, 1 locked").waitFor();
    await row.click();
    await page.getByRole("button", { name: "Purge…" }).click();
    const dialog = page.getByRole("dialog");
    expect(await dialog.innerText()).toContain("1 message in the queue of busy will be lost");
    await dialog.getByRole("button", { name: "Purge" }).click();
    await row.getByText("0 of 50").waitFor();
    await device.close();
    await row.getByText("Not connected").waitFor();
    await page.getByRole("link", { name: "Its messages" }).click();
    await rowOf(page, "busy").locator(".state.purged").waitFor();
  });
});

describe.runIf(hasBrowser)("the form", () => {
  const browser = useBrowser();
  let hub: LocalHub;
  beforeAll(async () => {
    hub = await startLocalHub({ ui: true, queueDepth: 2 });
    hub.trust();
  });
  afterAll(() => hub.stop());

  test("with the keyboard alone, from an empty hub to a message", async () => {
    const page = await browser.open(hub, { mayDisconnect: true });
    await page.getByRole("heading", { name: "No messages yet" }).waitFor();
    await page.getByRole("link", { name: "Send a message" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Create it" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("Not connected: the message waits").waitFor();
    await page.getByLabel("User id").focus();
    await page.keyboard.type("anna");
    await page.keyboard.press("Enter");
    await page.locator(".sent .state.enqueued").waitFor();
    const link = page.locator(".sent a");
    await link.focus();
    await page.keyboard.press("Enter");
    const detail = page.getByRole("region", { name: "Message details" });
    await detail.getByText("anna").waitFor();
    expect(hub.queue("device1")).toHaveLength(1);
  });

  test("sends every field, and shows the command that does the same", async () => {
    hub.deviceConnectionString("it's");
    const page = await browser.open(hub, { view: "send?device=it's" });
    await page.getByLabel("Body", { exact: true }).fill("{");
    await page.getByText(/Not JSON/).waitFor();
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByLabel("Content type").fill("text/plain");
    await page.getByLabel("Feedback").selectOption("full");
    await page.getByLabel("Message id").fill("m 1");
    await page.getByLabel("Correlation id").fill("c1");
    await page.getByLabel("User id").fill("u1");
    await page.getByLabel("Expires after").fill("90");
    await page.getByLabel("Unit of time").selectOption("s");
    await page.getByRole("button", { name: "Add property" }).click();
    await page.getByLabel("Name of property 1").fill("room");
    await page.getByLabel("Value of property 1").fill("a=b");
    expect(await page.locator(".send-aside .command code").innerText()).toBe(
      "c2d-send -d 'it'\\''s' --data '{' --ct text/plain --mid 'm 1' --cid c1 --uid u1 -p room=a=b --expiry 90s --ack full",
    );
    expect(hub.queue("it's")).toEqual([]);
    await page.getByRole("button", { name: "Send" }).click();
    await page.locator(".sent .state.enqueued").waitFor();
    expect(hub.queue("it's")).toEqual([
      expect.objectContaining({ messageId: "m 1", properties: { room: "a=b" } }),
    ]);
  });

  test("what the hub refuses stays in the form, with the hub's words beside it", async () => {
    hub.deviceConnectionString("full");
    for (const messageId of ["1", "2"]) await hub.send("full", { messageId });
    const page = await browser.open(hub, { view: "send?device=full", mayDisconnect: true });
    await page.getByLabel("Body", { exact: true }).fill('{"kept": true}');
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("alert").getByText("DeviceMaximumQueueDepthExceeded").waitFor();
    await page.getByRole("link", { name: "Devices" }).click();
    await page.getByRole("link", { name: "Send", exact: true }).click();
    expect(await page.getByLabel("Body", { exact: true }).inputValue()).toBe('{"kept": true}');
  });

  test("copies a command", async () => {
    const page = await browser.open(hub, {
      view: "send",
      permissions: ["clipboard-read", "clipboard-write"],
    });
    await page.getByRole("button", { name: "Copy command" }).click();
    const copied = await page.evaluate("navigator.clipboard.readText()");
    expect(copied).toBe(await page.locator(".send-aside .command code").innerText());
  });
});
