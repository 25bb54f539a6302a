import { describe, expect, test } from "vitest";
import { validateUtf8Arguments } from "../../src/cli/program/utf8-arguments.ts";
import { UsageError } from "../../src/cli/terminal/usage-error.ts";

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

test("text is not looked at twice", () => {
  expect(() => validateUtf8Arguments(["--data", "ü€😀", ""], unreadable)).not.toThrow();
});

describe("U+FFFD", () => {
  const args = ["--data", "a\uFFFD", ""];

  test("that was typed is taken", () => {
    const line = commandLine(...args.map((argument) => Buffer.from(argument)));
    expect(() => validateUtf8Arguments(args, () => line)).not.toThrow();
  });

  test("in place of another byte is refused, and the argument is not shown", () => {
    const line = commandLine(Buffer.from("--data"), Buffer.from("a\xff", "latin1"), Buffer.of());
    const check = () => validateUtf8Arguments(args, () => line);
    expect(check).toThrow(UsageError);
    expect(check).toThrow("argument 2 is not UTF-8 text");
  });

  test("is refused where the bytes are not shown", () => {
    expect(() => validateUtf8Arguments(args, unreadable)).toThrow(UsageError);
  });
});
