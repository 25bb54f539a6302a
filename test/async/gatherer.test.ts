import { setImmediate as nextTick } from "node:timers/promises";
import { expect, test } from "vitest";
import { Gatherer } from "../../src/async/gatherer.ts";

function create() {
  const taken: (readonly number[])[] = [];
  return { taken, gatherer: new Gatherer<number>((items) => taken.push(items)) };
}

test("what comes in one tick is handed over once, in order, and never within the call", async () => {
  const { taken, gatherer } = create();
  gatherer.add(1);
  await Promise.resolve();
  gatherer.add(2);
  expect(taken).toEqual([]);
  await nextTick();
  gatherer.add(3);
  await nextTick();
  expect(taken).toEqual([[1, 2], [3]]);
});

test("a flush hands over what there is, and the end of the tick nothing more", async () => {
  const { taken, gatherer } = create();
  gatherer.flush();
  gatherer.add(1);
  gatherer.flush();
  await nextTick();
  expect(taken).toEqual([[1]]);
});
