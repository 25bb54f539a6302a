/** A page in a browser outlives its hub: the key, the session and the port are there again. */

import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type HomeHubOptions, startHomeHub } from "../../../src/hub/home-hub.ts";
import { createToken } from "../../../src/hub/page/access/tokens.ts";
import { ManualClock } from "../../../src/index.ts";
import { freePort, startHubForTest, temporaryDirectory } from "../../support/local-hub.ts";
import { Visitor } from "./support.ts";

async function start(directory: string, options: Partial<HomeHubOptions> = {}) {
  const hub = await startHomeHub({ directory, ports: [0], ui: true, ...options });
  onTestFinished(() => hub.stop());
  return hub;
}

async function takenPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test("the address and the session hold after a restart", async () => {
  const directory = temporaryDirectory();
  const first = await start(directory, { uiPort: 0 });
  const visitor = await Visitor.of(first);
  await first.stop();
  const second = await start(directory);
  expect(second.uiUrl).toBe(first.uiUrl);
  expect((await visitor.ask("/api/messages/1")).status).toBe(404);
});

test("a ticket is not good for a second visit after a restart", async () => {
  const directory = temporaryDirectory();
  const clock = new ManualClock();
  const first = await start(directory, { uiPort: 0, clock });
  const key = new URL(first.uiUrl ?? "").searchParams.get("key") ?? "";
  const path = `/?ticket=${createToken(key, "ticket", clock.nowMs())}`;
  expect((await new Visitor(first.uiUrl).ask(path)).status).toBe(303);
  await first.stop();
  clock.advance(1);
  const second = await start(directory, { clock });
  expect((await new Visitor(second.uiUrl).ask(path)).status).toBe(401);
});

test("page.json is its owner's alone, and hub.json has the address without the key", async () => {
  const directory = temporaryDirectory();
  const hub = await start(directory, { uiPort: 0 });
  const file = join(directory, "page.json");
  const { key, port } = JSON.parse(readFileSync(file, "utf8"));
  expect(hub.uiUrl).toBe(`http://127.0.0.1:${port}/?key=${key}`);
  if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
  const description = readFileSync(join(directory, "hub.json"), "utf8");
  expect(JSON.parse(description).ui).toBe(`http://127.0.0.1:${port}/`);
  expect(description).not.toContain(key);
});

test("a port that another process has by now is replaced by a free one, and the key stays", async () => {
  const directory = temporaryDirectory();
  const first = await start(directory, { uiPort: 0 });
  await first.stop();
  const file = join(directory, "page.json");
  const { key } = JSON.parse(readFileSync(file, "utf8"));
  const port = await takenPort();
  writeFileSync(file, JSON.stringify({ key, port }));
  const second = await start(directory);
  const used = Number(new URL(second.uiUrl ?? "").port);
  expect(used).not.toBe(port);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ key, port: used });
});

test("a port that was asked for is not replaced, and nothing stays open", async () => {
  const directory = temporaryDirectory();
  const port = await takenPort();
  const hubPort = await freePort();
  const starting = startHomeHub({ directory, ports: [hubPort], ui: true, uiPort: port });
  await expect(starting).rejects.toMatchObject({ name: "PortUnavailable", port });
  expect(existsSync(join(directory, "hub.json"))).toBe(false);
  const hub = await start(directory, { ports: [hubPort], ui: false });
  expect(hub.uiUrl).toBeUndefined();
  expect(JSON.parse(readFileSync(join(directory, "hub.json"), "utf8"))).not.toHaveProperty("ui");
});

test.each(["", "{", "null", "[]", '{"key":"short"}', '{"key":1,"port":1}'])(
  "a damaged page.json is written anew: %j",
  async (content) => {
    const directory = temporaryDirectory();
    const file = join(directory, "page.json");
    mkdirSync(directory, { recursive: true });
    writeFileSync(file, content);
    const hub = await start(directory, { uiPort: 0 });
    const { key } = JSON.parse(readFileSync(file, "utf8"));
    expect(Buffer.from(key, "base64url")).toHaveLength(32);
    expect(hub.uiUrl).toContain(`?key=${key}`);
  },
);

test("a page.json that cannot be read is an error, and nothing stays open", async () => {
  const directory = temporaryDirectory();
  const file = join(directory, "page.json");
  mkdirSync(file);
  await expect(startHomeHub({ directory, ports: [0], ui: true })).rejects.toMatchObject({
    name: "HomeUnusable",
    message: expect.stringContaining("page.json"),
  });
  rmSync(file, { recursive: true });
  await start(directory, { uiPort: 0 });
});

test("the library's durable hub has the same key again", async () => {
  const directory = temporaryDirectory();
  const first = await startHubForTest({ directory, ui: true });
  await first.stop();
  const second = await startHubForTest({ directory, ui: true });
  const keyOf = ({ uiUrl = "" }: { uiUrl: string | undefined }) =>
    new URL(uiUrl).searchParams.get("key");
  expect(keyOf(second)).toBe(keyOf(first));
});
