import dns from "node:dns";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { resolveLocalhostTo } from "../../../src/cli/local/resolve-localhost.ts";

const { lookup } = dns;

afterEach(() => {
  dns.lookup = lookup;
});

function find(name: string): Promise<unknown> {
  return promisify(dns.lookup)(name, { all: true });
}

test.each([
  ["::1", "::1", 6],
  ["127.0.0.2", "127.0.0.2", 4],
  ["0.0.0.0", "127.0.0.1", 4],
  ["::", "::1", 6],
])("for a hub at %s, localhost is %s", async (host, address, family) => {
  resolveLocalhostTo({ host });
  expect(await find("localhost")).toEqual([{ address, family }]);
  const one = await new Promise((resolve) =>
    dns.lookup("localhost", (_error, ...found) => resolve(found)),
  );
  expect(one).toEqual([address, family]);
});

test("other names are resolved as before", async () => {
  resolveLocalhostTo({ host: "::1" });
  expect(await find("127.0.0.9")).toEqual([{ address: "127.0.0.9", family: 4 }]);
});

test("localhost is resolved as before for a hub with a name; the last hub applies", () => {
  resolveLocalhostTo({ host: "::1" });
  resolveLocalhostTo({ host: "localhost" });
  expect(dns.lookup).toBe(lookup);
});
