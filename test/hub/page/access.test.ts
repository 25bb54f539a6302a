/** Nobody but the owner of the key sees the page, and no other page acts for them. */

import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import { createToken } from "../../../src/hub/page/access/tokens.ts";
import { type LocalHub, ManualClock, startLocalHub } from "../../../src/index.ts";
import { startHubForTest } from "../../support/local-hub.ts";
import { type Asked, Visitor } from "./support.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const SEND = { deviceId: "device1", body: "x" };

async function startPage() {
  const clock = new ManualClock();
  const hub = await startHubForTest({ ui: true, devices: ["device1"], clock });
  const key = new URL(hub.uiUrl ?? "").searchParams.get("key") ?? "";
  return { hub, clock, key, stranger: new Visitor(hub.uiUrl) };
}

describe("the key", () => {
  test("is exchanged for a session, and leaves the address", async () => {
    const { stranger, key } = await startPage();
    const { status, headers } = await stranger.ask(`/?key=${key}`);
    expect(status).toBe(303);
    expect(headers.location).toBe("/");
    const [cookie = ""] = headers["set-cookie"] ?? [];
    expect(cookie).toMatch(
      new RegExp(
        `^c2d-hub-${stranger.port}=[\\w.-]+; HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000$`,
      ),
    );
    expect(cookie).not.toContain(key);
    await stranger.signIn();
    expect((await stranger.ask("/api/messages/none")).status).toBe(404);
  });

  test("is different for each hub, 32 bytes long, and not the hub's", async () => {
    const [one, other] = [await startPage(), await startPage()];
    expect(Buffer.from(one.key, "base64url")).toHaveLength(32);
    expect(one.key).not.toBe(other.key);
    expect((await one.stranger.ask(`/?key=${other.key}`)).status).toBe(401);
  });

  test("missing or wrong, nothing is shown, and how to get it", async () => {
    const { stranger, key } = await startPage();
    const wrong = key.replace(/^./, (first) => (first === "A" ? "B" : "A"));
    for (const path of [
      "/",
      `/?key=${wrong}`,
      "/?key=",
      "/?key",
      `/?key=${key}x`,
      `/?KEY=${key}`,
    ]) {
      const { status, headers, text } = await stranger.ask(path);
      expect([path, status]).toEqual([path, 401]);
      expect(headers["set-cookie"]).toBeUndefined();
      expect(text).toContain("c2d-hub ui");
    }
    for (const path of ["/page.js", "/page.css", "/api/stream", "/api/messages/1"]) {
      const { status, text } = await stranger.ask(path);
      expect([path, status]).toEqual([path, 401]);
      expect(JSON.parse(text)).toMatchObject({ name: "Unauthorized" });
    }
  });

  test("does not help as a cookie, a header or an ticket", async () => {
    const { stranger, key } = await startPage();
    const cookie = `c2d-hub-${stranger.port}=${key}`;
    for (const headers of [{ cookie }, { authorization: `Bearer ${key}` }]) {
      expect((await stranger.ask("/api/messages/1", { headers })).status).toBe(401);
    }
    expect((await stranger.ask(`/?ticket=${key}`)).status).toBe(401);
  });
});

describe("a ticket", () => {
  test("opens the page once", async () => {
    const { stranger, key, clock } = await startPage();
    const ticket = createToken(key, "ticket", clock.nowMs());
    expect((await stranger.ask(`/?ticket=${ticket}`)).status).toBe(303);
    expect((await stranger.ask(`/?ticket=${ticket}`)).status).toBe(401);
  });

  test("is good for a minute, and for no other key", async () => {
    const { stranger, key, clock } = await startPage();
    const ticket = createToken(key, "ticket", clock.nowMs());
    const foreign = createToken("another key", "ticket", clock.nowMs());
    expect((await stranger.ask(`/?ticket=${foreign}`)).status).toBe(401);
    clock.advance(MINUTE_MS);
    expect((await stranger.ask(`/?ticket=${ticket}`)).status).toBe(401);
  });

  test("is no session, nor a session a ticket", async () => {
    const { stranger, key, clock } = await startPage();
    const ticket = createToken(key, "ticket", clock.nowMs());
    const session = createToken(key, "session", clock.nowMs());
    const headers = { cookie: `c2d-hub-${stranger.port}=${ticket}` };
    expect((await stranger.ask("/api/messages/1", { headers })).status).toBe(401);
    expect((await stranger.ask(`/?ticket=${session}`)).status).toBe(401);
  });

  test("that was used before does not put out a visitor who has a session", async () => {
    const { hub, key, clock } = await startPage();
    const visitor = await Visitor.of(hub);
    const ticket = createToken(key, "ticket", clock.nowMs());
    await visitor.ask(`/?ticket=${ticket}`);
    const { status, headers } = await visitor.ask(`/?ticket=${ticket}`);
    expect([status, headers.location, headers["set-cookie"]]).toEqual([303, "/", undefined]);
  });
});

describe("a session", () => {
  async function statusWith(visitor: Visitor, cookie: string): Promise<number> {
    return (await visitor.ask("/api/messages/1", { headers: { cookie } })).status;
  }

  test("forged, changed or of another port is none", async () => {
    const { hub, key, clock } = await startPage();
    const visitor = await Visitor.of(hub);
    const [name = "", session = ""] = visitor.cookie.split("=");
    const [nonce, expiry, signature = ""] = session.split(".");
    const forged = [
      createToken("another key", "session", clock.nowMs()),
      `${nonce}.${Number(expiry) + 1}.${signature}`,
      `${nonce}.${expiry}.${signature.replace(/^./, (first) => (first === "A" ? "B" : "A"))}`,
      `${nonce}.${expiry}.`,
      `${nonce}.${expiry}`,
      "",
      key,
    ];
    for (const one of forged)
      expect([one, await statusWith(visitor, `${name}=${one}`)]).toEqual([one, 401]);
    expect(await statusWith(visitor, `c2d-hub-${visitor.port + 1}=${session}`)).toBe(401);
    expect(await statusWith(visitor, `other=1; ${name}=${session}`)).toBe(404);
  });

  test("ends after 30 days, unless the page is visited", async () => {
    const { hub, clock } = await startPage();
    const [faithful, other] = [await Visitor.of(hub), await Visitor.of(hub)];
    expect((await faithful.ask("/")).headers["set-cookie"]).toBeUndefined();
    clock.advance(20 * DAY_MS);
    const { headers } = await faithful.ask("/");
    [faithful.cookie = ""] = headers["set-cookie"]?.[0]?.split(";") ?? [];
    clock.advance(10 * DAY_MS);
    expect((await other.ask("/api/messages/1")).status).toBe(401);
    expect((await faithful.ask("/api/messages/1")).status).toBe(404);
  });
});

describe("another page", () => {
  let hub: LocalHub;
  let visitor: Visitor;

  beforeAll(async () => {
    hub = await startLocalHub({ ui: true, devices: ["device1"] });
    visitor = await Visitor.of(hub);
    return () => hub.stop();
  });

  const foreign: readonly (readonly [what: string, asked: Asked["headers"], status: number])[] = [
    ["its fetch", { origin: "https://evil.example" }, 403],
    ["its fetch from a sandbox", { origin: "null" }, 403],
    ["another server on this machine", { origin: "http://127.0.0.1:1" }, 403],
    ["the same server by https", { origin: "https://127.0.0.1:%PORT%" }, 403],
    ["this server by another of its names", { origin: "http://localhost:%PORT%" }, 403],
    ["its fetch without an origin", { origin: undefined }, 403],
    ["its form", { "c2d-page": undefined, "content-type": "text/plain" }, 403],
    ["its form, as text", { "content-type": "text/plain" }, 415],
    ["its form, encoded", { "content-type": "application/x-www-form-urlencoded" }, 415],
    ["a body without a type", { "content-type": undefined }, 415],
    ["what the browser knows to be of another site", { "sec-fetch-site": "cross-site" }, 403],
    ["what the browser knows to be of another port", { "sec-fetch-site": "same-site" }, 403],
  ];

  test.each(foreign)("cannot act with %s", async (_, headers = {}, status) => {
    const given = Object.entries(headers).map(([name, value]) => [
      name,
      value?.replace("%PORT%", String(visitor.port)),
    ]);
    const answer = await visitor.act("POST", "messages", SEND, Object.fromEntries(given));
    expect(answer.status).toBe(status);
    expect(hub.queue("device1")).toEqual([]);
  });

  test.each([
    ["PUT", "devices/new"],
    ["PATCH", "devices/device1"],
    ["DELETE", "devices/device1"],
    ["DELETE", "devices/device1/messages"],
  ])("cannot %s %s", async (method, path) => {
    const body = method === "PATCH" ? { isEnabled: false } : undefined;
    const refused = await visitor.act(method, path, body, { origin: "https://evil.example" });
    expect(refused.status).toBe(403);
    expect((await visitor.act(method, path, body, { "c2d-page": undefined })).status).toBe(403);
    expect(() => hub.queue("device1")).not.toThrow();
    expect(() => hub.queue("new")).toThrow("no device");
  });

  test("cannot be told what it may read: no answer has a header of CORS", async () => {
    const headers = { origin: "https://evil.example", "access-control-request-method": "PUT" };
    for (const method of ["GET", "OPTIONS"]) {
      const answer = await visitor.ask("/api/messages/1", { method, headers });
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-"))).toEqual([]);
    }
    expect((await visitor.ask("/api/devices/new", { method: "OPTIONS", headers })).status).toBe(
      403,
    );
  });

  test("cannot open a stream", async () => {
    const headers = { "sec-fetch-site": "same-site" };
    expect((await visitor.ask("/api/stream", { headers })).status).toBe(403);
  });

  test.each([
    "evil.example",
    "evil.example:%PORT%",
    "localhost.evil.example:%PORT%",
    "127.0.0.1",
    "127.0.0.1:1",
    "127.0.0.1.:%PORT%",
    "[::]:%PORT%",
    "0.0.0.0:%PORT%",
    "hub.localhost:%PORT%",
  ])("cannot rebind %s", async (name) => {
    const host = name.replace("%PORT%", String(visitor.port));
    for (const path of ["/", `/?${new URL(hub.uiUrl ?? "").searchParams}`, "/api/stream"]) {
      const { status, headers } = await visitor.ask(path, { headers: { host } });
      expect([path, status]).toEqual([path, 421]);
      expect(headers["set-cookie"]).toBeUndefined();
    }
    const acted = await visitor.act("POST", "messages", SEND, { host, origin: `http://${host}` });
    expect(acted.status).toBe(421);
  });

  test("names of this machine are taken", async () => {
    for (const name of ["127.0.0.1", "localhost", "[::1]"]) {
      const host = `${name}:${visitor.port}`;
      const headers = { host, origin: `http://${host}` };
      expect((await visitor.act("PUT", "devices/device1", {}, headers)).status).toBe(409);
    }
  });

  test("a request without a host is none", async () => {
    const socket = connect(visitor.port, "127.0.0.1");
    socket.end(`GET /api/messages/1 HTTP/1.0\r\nCookie: ${visitor.cookie}\r\n\r\n`);
    let text = "";
    for await (const chunk of socket.setEncoding("utf8")) text += chunk;
    expect(text).toMatch(/^HTTP\/1\.1 421 /);
  });

  test("is not let in: headers say so on every answer", async () => {
    const asked: [string, Asked?][] = [
      ["/"],
      ["/", { headers: { cookie: "x=1" } }],
      [`/?${new URL(hub.uiUrl ?? "").searchParams}`],
      ["/nothing"],
      ["/", { headers: { host: "evil.example" } }],
      ["/api/messages/none"],
      ["/api/messages", { method: "POST" }],
    ];
    for (const [path, more] of asked) {
      const { headers } = await visitor.ask(path, more);
      expect(headers).toMatchObject({
        "content-security-policy":
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
      });
    }
  });

  test.each([
    "/../package.json",
    "/%2e%2e/package.json",
    "/..%2fpackage.json",
    "/%2fetc%2fpasswd",
    "//etc/passwd",
    "/page.js/../../package.json",
    "/page.js%00",
    "/page.map",
    "/.",
    "/index.html/",
    "/__proto__",
    "/constructor",
    "http://127.0.0.1/package.json",
  ])("finds no file at %s", async (path) => {
    const { status, text } = await visitor.ask(path);
    expect([status, JSON.parse(text).name]).toEqual([404, "NotFound"]);
  });

  test("files are only read", async () => {
    const { status } = await visitor.ask("/page.js", {
      method: "POST",
      headers: { origin: visitor.origin },
    });
    expect(status).toBe(405);
  });
});

test("no hub has a page unless it is asked for", async () => {
  const hub = await startHubForTest();
  expect(hub.uiUrl).toBeUndefined();
});

test.runIf(process.platform === "linux")(
  "the page is on this machine alone, whatever the hub listens on",
  async () => {
    const hub = await startHubForTest({ ui: true, host: "0.0.0.0" });
    const { hostname, port } = new URL(hub.uiUrl ?? "");
    expect(hostname).toBe("127.0.0.1");
    // Bound addresses as the kernel knows them, in hex.
    const listening = readFileSync("/proc/net/tcp", "utf8");
    expect(listening).toMatch(
      new RegExp(
        `0100007F:${Number(port).toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 0A`,
      ),
    );
  },
);
