import { readFileSync } from "node:fs";
import { parse } from "dotenv";
import { expect, test } from "vitest";
import { formatEnvExample } from "../../src/config/env-example.ts";
import { SETTING_KEYS, settingOf } from "../../src/config/settings.ts";

const path = new URL("../../.env.example", import.meta.url);
const text = readFileSync(path, "utf8");

test("the file matches the settings table", () => {
  expect(text).toBe(formatEnvExample());
});

test("unchanged, it selects the local hub and nothing else", () => {
  expect(parse(text)).toEqual({ C2D_LOCAL: "1" });
});

test("it has every variable once, each with a comment above", () => {
  const lines = text.split("\n");
  for (const key of SETTING_KEYS) {
    const { variable } = settingOf(key);
    if (variable === undefined) continue;
    const matching = lines.filter((line) => line.replace(/^#/, "").startsWith(`${variable}=`));
    expect(matching, key).toHaveLength(1);
    expect(lines[lines.indexOf(matching[0] ?? "") - 1], key).toMatch(/^# \S/);
  }
});
