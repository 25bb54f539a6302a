import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DueTree, find, first, put, remove, valuesOf } from "../../src/core/due-tree.ts";

type Tree = DueTree<number, string> | undefined;

const key = fc.integer({ min: 0, max: 40 });
const change = fc.oneof(
  fc.record({ type: fc.constant("put" as const), key, dueMs: fc.nat(100) }),
  fc.record({ type: fc.constant("remove" as const), key }),
);

function depthOf(tree: Tree): number {
  return tree === undefined ? 0 : 1 + Math.max(depthOf(tree.left), depthOf(tree.right));
}

function isBalanced(tree: Tree): boolean {
  return depthOf(tree) <= 2.5 * Math.log2((tree?.size ?? 0) + 1) + 1;
}

describe("a due tree", () => {
  it("holds what a sorted map would, knows the earliest due time, and stays flat", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 200 }), fc.nat(100), (changes, untilMs) => {
        const model = new Map<number, number>();
        let tree: Tree;
        for (const one of changes) {
          if (one.type === "put") {
            model.set(one.key, one.dueMs);
            tree = put(tree, { key: one.key, dueMs: one.dueMs, value: `${one.key}` });
          } else {
            model.delete(one.key);
            tree = remove(tree, one.key);
          }
          expect(tree?.size ?? 0).toBe(model.size);
          expect(find(tree, one.key)).toBe(model.has(one.key) ? `${one.key}` : undefined);
          expect(isBalanced(tree)).toBe(true);
        }
        const sorted = [...model].sort(([a], [b]) => a - b);
        const due = sorted.filter(([, dueMs]) => dueMs <= untilMs);
        expect(valuesOf(tree)).toEqual(sorted.map(([name]) => `${name}`));
        expect(valuesOf(tree, untilMs)).toEqual(due.map(([name]) => `${name}`));
        expect(tree?.dueMs ?? Number.POSITIVE_INFINITY).toBe(Math.min(...model.values()));
        expect(tree && first(tree).key).toBe(sorted[0]?.[0]);
      }),
    );
  });

  it("stays flat when items come in order and leave from the front", () => {
    let tree: Tree;
    for (let key = 0; key < 4000; key++) {
      tree = put(tree, { key, dueMs: key, value: "" });
      if (key % 4 !== 0) tree = remove(tree, first(tree).key);
      expect(isBalanced(tree)).toBe(true);
    }
  });

  it("leaves the tree it was given as it was", () => {
    const before = put(put(undefined, { key: 1, dueMs: 1, value: "a" }), {
      key: 2,
      dueMs: 2,
      value: "b",
    });
    put(before, { key: 1, dueMs: 9, value: "c" });
    remove(before, 2);
    expect(valuesOf(before)).toEqual(["a", "b"]);
  });
});
