import { parse } from "dotenv";
import { expect, test } from "vitest";
import { editEnvText } from "../../../../src/cli/hub/device/edit-env-text.ts";

const edit = (
  text: string,
  set: Readonly<Record<string, string>>,
  commentOut: readonly string[] = [],
  suggest: readonly string[] = [],
) => editEnvText(text, { set, commentOut, suggest });

test("a variable is set in place, and the rest is unchanged", () => {
  const text = "# mine\nA=1\n\nexport ID = old # why\nB='x y'\n";
  expect(edit(text, { ID: "new" })).toBe("# mine\nA=1\n\nexport ID='new'\nB='x y'\n");
});

test("a new variable is added at the end, on its own line", () => {
  expect(edit("", { ID: "1" })).toBe("ID='1'\n");
  expect(edit("A=1", { ID: "1" })).toBe("A=1\nID='1'\n");
  expect(edit("A=1\r\n", { ID: "1" })).toBe("A=1\r\nID='1'\r\n");
});

test("the last of several assignments is changed, because it counts", () => {
  expect(edit("ID=1\nID=2\n", { ID: "3" })).toBe("ID=1\nID='3'\n");
});

test("names with the same prefix are distinct", () => {
  expect(edit("ID_OLD=1\n#ID=2\nMY_ID=3\n", { ID: "4" })).toBe(
    "ID_OLD=1\n#ID=2\nMY_ID=3\nID='4'\n",
  );
});

test("every assignment of a variable is commented out, once", () => {
  const out = edit("  LOCAL=1\n#LOCAL=2\nLOCAL: 3\nLOCALE=4\n", {}, ["LOCAL"]);
  expect(out).toBe("#  LOCAL=1\n#LOCAL=2\n#LOCAL: 3\nLOCALE=4\n");
  expect(edit(out ?? "", {}, ["LOCAL"])).toBe(out);
});

test("a suggested variable is added as a comment, unless it is present", () => {
  expect(edit("A=1", {}, [], ["FILE"])).toBe("A=1\n#FILE=\n");
  for (const text of ["#FILE=\n", "# FILE=./x\n", "export FILE=./x\n"]) {
    expect(edit(text, {}, [], ["FILE"])).toBe(text);
  }
  expect(edit("MY_FILE=1\n", {}, [], ["FILE"])).toBe("MY_FILE=1\n#FILE=\n");
});

test.each(["a b", "a'b", 'a"b', "a#b", "a=b;c", "$HOME", "a\\b", "%", "", "'\"`"])(
  "%j can be read back unchanged",
  (value) => {
    expect(parse(edit("A=1\n", { ID: value }) ?? "")).toEqual({ A: "1", ID: value });
  },
);

test("a value that spans lines is not edited, and that is reported", () => {
  const text = 'A="x\nID=1\ny"\n';
  expect(edit(text, { ID: "2" })).toBeUndefined();
});
