/**
 * Writes docs/images/page-*.png, or into the folder named as argument: the page of a hub with devices,
 * messages in every state, and telemetry. Needs `npm run build` and a Chromium.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { ManualClock, startLocalHub } from "../dist/index.js";
import { findBrowser } from "./screenshots/find-browser.mjs";
import { shrinkPng } from "./screenshots/small-png.mjs";
import { DEVICES, HISTORY_MS, play } from "./screenshots/story.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const WIDE = { width: 1600, height: 900 };
const PHONE = { width: 400, height: 820 };

const PICTURES = [
  { name: "messages", view: "messages", viewport: WIDE, theme: "light", open: "open-gate-42" },
  { name: "messages-dark", view: "messages", viewport: WIDE, theme: "dark", open: "setpoint-118" },
  { name: "events", view: "events", viewport: WIDE, theme: "dark" },
  { name: "devices", view: "devices", viewport: WIDE, theme: "light", open: "pump-3" },
  { name: "send", view: "send?device=thermostat-kitchen", viewport: WIDE, theme: "light" },
  { name: "phone", view: "messages", viewport: PHONE, theme: "light" },
  { name: "phone-detail", view: "messages", viewport: PHONE, theme: "dark", open: "open-gate-42" },
];

const folder = process.argv[2] ?? join(ROOT, "docs/images");
const executablePath = findBrowser();
if (!executablePath) throw new Error("there is no Chromium on PATH");
mkdirSync(folder, { recursive: true });
const directory = mkdtempSync(join(tmpdir(), "c2d-screenshots-"));
const clock = new ManualClock(Date.now() - HISTORY_MS);
const hub = await startLocalHub({
  directory,
  ui: true,
  clock,
  devices: DEVICES,
  maxDeliveryCount: 3,
});
hub.trust();
const end = await play(hub, clock);
const browser = await chromium.launch({
  executablePath,
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});
try {
  for (const picture of PICTURES) await take(picture);
} finally {
  await browser.close();
  await end();
  await hub.stop();
  rmSync(directory, { recursive: true, force: true });
}

async function disable(page, deviceId) {
  await page.getByRole("row", { name: deviceId }).click();
  await page.getByRole("button", { name: "Disable" }).click();
  await page.getByRole("button", { name: "Enable" }).waitFor();
}

async function send(page) {
  await page.getByLabel("Body", { exact: true }).fill('{"setpoint": 22, "until": "23:00"}');
  await page.getByLabel("Message id").fill("setpoint-301");
  await page.getByRole("button", { name: "Send" }).click();
  await page.locator(".sent li").waitFor();
  await page.getByLabel("Message id").fill("setpoint-302");
  await page.getByLabel("Feedback").selectOption("full");
  await page.getByRole("button", { name: "Add property" }).click();
  await page.getByLabel("Name of property 1").fill("origin");
  await page.getByLabel("Value of property 1").fill("it's me");
}

async function take({ name, view, viewport, theme, open }) {
  const context = await browser.newContext({
    viewport,
    colorScheme: theme,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  await page.goto(hub.uiUrl);
  await page.locator(".link-state.live").waitFor();
  await page.evaluate(`location.hash = "#/${view}"`);
  if (view === "devices") await disable(page, "door-garage");
  if (open) {
    await page.getByRole("row", { name: open }).first().click();
    await page.locator(".detail").waitFor();
    if (view === "messages") await page.locator(".detail .body").waitFor();
    await page.mouse.move(0, 0);
  }
  if (view.startsWith("send")) await send(page);
  await page.evaluate("document.fonts.ready");
  writeFileSync(join(folder, `page-${name}.png`), shrinkPng(await page.screenshot()));
  await context.close();
}
