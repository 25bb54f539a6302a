import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BodyDirectory, toFileName } from "../../../../src/cli/device/receiving/body-directory.ts";
import type { ReceivedMessage } from "../../../../src/client/connection/device-connection.ts";
import { temporaryDirectory } from "../../../support/local-hub.ts";

const ARRIVAL = { n: 3, receivedAtMs: Date.UTC(2030, 0, 31, 12, 5, 9, 7), isDuplicate: false };

function message(body: string, messageId?: string): ReceivedMessage {
  return {
    system: { ...(messageId !== undefined && { messageId }) },
    properties: {},
    body: Buffer.from(body),
    isRedelivered: false,
    malformed: [],
  };
}

function setUp() {
  const directory = temporaryDirectory();
  return { directory, open: () => BodyDirectory.open(directory, "/") };
}

describe("a file name", () => {
  test.each([
    ["order-17.json", "order-17.json"],
    ["a b", "a%20b"],
    ["../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"],
    [".hidden", "%2Ehidden"],
    ["-rf", "%2Drf"],
    ["~root", "%7Eroot"],
    ['a\\b:c*d?e"f<g>h|i', "a%5Cb%3Ac%2Ad%3Fe%22f%3Cg%3Eh%7Ci"],
    ["$(id)`x`'y'", "%24%28id%29%60x%60%27y%27"],
    ["ü", "%C3%BC"],
    ["100%", "100%25"],
    ["ends.", "ends%2E"],
    ["con", "%63on"],
    ["LPT1.txt", "%4CPT1.txt"],
    ["console", "console"],
    ["a\u0000\n", "a%00%0A"],
  ])("for the id %j is %s", (id, name) => {
    expect(toFileName(id)).toBe(name);
  });

  test("of a long id is cut, and still its own", () => {
    const [a, b] = ["a", "b"].map((end) => toFileName("x".repeat(300) + end));
    expect(a).toMatch(/^x{200}-[0-9a-f]{16}$/);
    expect(b).not.toBe(a);
  });

  test("is safe for any id", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 400 }), (id) => {
        expect(toFileName(id)).toMatch(/^[A-Za-z0-9_%][A-Za-z0-9._%-]{0,216}$/);
      }),
    );
  });
});

describe("saving", () => {
  test("writes the body to a file that only its owner may read", async () => {
    const { directory, open } = setUp();
    const saved = await (await open()).save(message("hello", "m1"), ARRIVAL);
    expect(saved).toBe(join(directory, "m1"));
    expect(readFileSync(saved, "utf8")).toBe("hello");
    expect(lstatSync(saved).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(["m1"]);
  });

  test("names a file after the time when there is no id", async () => {
    const { directory, open } = setUp();
    await (await open()).save(message("hello"), ARRIVAL);
    expect(readdirSync(directory)).toEqual(["2030-01-31T12-05-09.007Z-3"]);
  });

  test("numbers a name that is taken, also by a link to nowhere, and follows none", async () => {
    const { directory, open } = setUp();
    const outside = join(temporaryDirectory(), "outside");
    writeFileSync(join(directory, "m1"), "before");
    symlinkSync(outside, join(directory, "m1.1"));
    const bodies = await open();
    for (const body of ["one", "two"]) await bodies.save(message(body, "m1"), ARRIVAL);
    expect(readdirSync(directory).sort()).toEqual(["m1", "m1.1", "m1.2", "m1.3"]);
    expect(readFileSync(join(directory, "m1"), "utf8")).toBe("before");
    expect(readFileSync(join(directory, "m1.2"), "utf8")).toBe("one");
    expect(() => lstatSync(outside)).toThrow("ENOENT");
  });

  test("points to the first file of a message that comes again", async () => {
    const { directory, open } = setUp();
    const bodies = await open();
    const first = await bodies.save(message("hello", "m1"), ARRIVAL);
    const again = await bodies.save(message("hello", "m1"), { ...ARRIVAL, isDuplicate: true });
    expect(again).toBe(first);
    expect(readdirSync(directory)).toEqual(["m1"]);
  });

  test("fails with the reason when the directory is gone", async () => {
    const directory = join(temporaryDirectory(), "bodies");
    mkdirSync(directory);
    const bodies = await BodyDirectory.open(directory, "/");
    rmdirSync(directory);
    await expect(bodies.save(message("x", "m1"), ARRIVAL)).rejects.toMatchObject({
      name: "OutputError",
      message: expect.stringContaining("ENOENT"),
    });
  });
});

test.each([
  ["missing", "does not exist"],
  ["file", "is not a directory"],
])("a directory that is %s is refused", async (name, problem) => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, "file"), "");
  await expect(BodyDirectory.open(name, directory)).rejects.toMatchObject({
    name: "UsageError",
    message: `--save-dir: ${name} ${problem}`,
  });
});
