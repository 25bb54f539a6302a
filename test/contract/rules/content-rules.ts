import { expect } from "vitest";
import type { MessageFields } from "../fixture.ts";
import type { DefineRule } from "./rule.ts";

const HOUR_MS = 3_600_000;
const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, index) => index));

const UNUSUAL_FIELDS: [string, MessageFields][] = [
  [
    "non-ASCII values",
    {
      messageId: "Nachricht-ü-€",
      correlationId: "相関",
      userId: "José €",
      properties: { greeting: "Grüße, 世界 🌍", percent: "100 % %41" },
    },
  ],
  [
    "names that headers cannot have",
    { properties: { "a b/c=d&e": "1", "größe €": "2", "(a)": "3", "x:y": "4" } },
  ],
  [
    "control characters in values",
    { properties: { lines: "a\r\nb\tc\u0000d\u001b[31m" }, correlationId: "a\r\nb" },
  ],
];

export function contentRules(rule: DefineRule): void {
  rule("system properties are delivered unchanged", {}, async (fixture) => {
    const system = {
      messageId: "id-:.+%_#*?!(),=@;$'",
      correlationId: "correlation 1/2?&=+%",
      userId: "somebody",
      contentType: "application/json; charset=utf-8",
      contentEncoding: "utf-8",
      expiryTimeUtcMs: Math.floor(fixture.nowMs() / 1000) * 1000 + HOUR_MS,
      ack: "positive" as const,
    };
    await fixture.send({ ...system, body: Buffer.from("{}") });
    const session = await fixture.connect();
    expect(await session.receive()).toMatchObject(system);
  });

  rule("a system property that was not sent is absent", { isLocal: true }, async (fixture) => {
    await fixture.send();
    const session = await fixture.connect();
    const { correlationId, userId, contentType, contentEncoding, expiryTimeUtcMs, ack } =
      await session.receive();
    expect([correlationId, userId, contentType, contentEncoding, expiryTimeUtcMs, ack]).toEqual(
      Array.from({ length: 6 }),
    );
  });

  rule("application properties are delivered unchanged", {}, async (fixture) => {
    const properties = {
      plain: "value",
      empty: "",
      "name!#$'*+-.^_`|~": "a b=c&d%20/e?f#g+h;i",
      [fixture.driver.capabilities.keepsNameCase ? "MixedCase" : "mixedcase"]: "MixedCase",
    };
    await fixture.send({ properties });
    const session = await fixture.connect();
    expect((await session.receive()).properties).toEqual(properties);
  });

  for (const [what, fields] of UNUSUAL_FIELDS) {
    rule(`${what} are delivered unchanged`, { isLocal: true }, async (fixture) => {
      await fixture.send(fields);
      const session = await fixture.connect();
      const received = await session.receive();
      expect(received).toMatchObject(fields);
      expect(received.properties).toEqual(fields.properties);
    });
  }

  rule("every byte value in a body is delivered unchanged", {}, async (fixture) => {
    await fixture.send({ body: EVERY_BYTE });
    const session = await fixture.connect();
    expect((await session.receive()).body).toEqual(EVERY_BYTE);
  });

  rule("a message without a body is delivered", {}, async (fixture) => {
    const messageId = await fixture.send({ body: Buffer.alloc(0) });
    const session = await fixture.connect();
    const message = await session.receive();
    expect([message.messageId, message.body.length]).toEqual([messageId, 0]);
  });

  rule(
    "a message of almost only properties does not block later messages",
    { isLocal: true },
    async (fixture) => {
      const session = await fixture.connect();
      await fixture.trySend({ properties: { large: "é".repeat(30_000) } });
      const next = await fixture.send();
      const arrived: unknown[] = [];
      while (!arrived.includes(next)) {
        const message = await session.receive();
        await session.complete(message);
        arrived.push(message.messageId);
      }
      fixture.pass(HOUR_MS / 60);
      expect(await fixture.trySend()).toBe("accepted");
    },
  );
}
