import { describe, expect, test } from "vitest";
import { validateUtf8Arguments } from "../../../src/cli/program/utf8-arguments.ts";
import { UsageError } from "../../../src/cli/terminal/usage-error.ts";

const commandLine = (...last: readonly Buffer[]) =>
  Buffer.concat(
    [Buffer.from("node"), Buffer.from("c2d-send.js"), ...last].flatMap((argument) => [
      argument,
      Buffer.of(0),
    ]),
  );
const unreadable = () => {
  throw new Error("ENOENT");
};

test("valid text needs no check of the raw bytes", () => {
  expect(() => validateUtf8Arguments(["--data", "ü€😀", ""], unreadable)).not.toThrow();
});

describe("U+FFFD", () => {
  const args = ["--data", "a\uFFFD", ""];

  test("that the user typed is accepted", () => {
    const line = commandLine(...args.map((argument) => Buffer.from(argument)));
    expect(() => validateUtf8Arguments(args, () => line)).not.toThrow();
  });

  test("that replaces an invalid byte is refused, without showing the argument", () => {
    const line = commandLine(Buffer.from("--data"), Buffer.from("a\xff", "latin1"), Buffer.of());
    const check = () => validateUtf8Arguments(args, () => line);
    expect(check).toThrow(UsageError);
    expect(check).toThrow("argument 2 is not UTF-8 text");
  });

  test("is refused if the raw bytes are not available", () => {
    expect(() => validateUtf8Arguments(args, unreadable)).toThrow(UsageError);
  });
});
