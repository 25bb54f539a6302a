import { describe, expect, it } from "vitest";
import { createDeferred, type Deferred } from "../../../src/async/deferred.ts";
import { GroupCommit } from "../../../src/hub/store/group-commit.ts";
import type { StoreChange } from "../../../src/hub/store/store.ts";

const put = (key: string): StoreChange => ({ type: "put", key, value: 1 });

/** A disk whose syncs end when the test resolves them. */
function slowDisk() {
  const groups: string[][] = [];
  const ends: Deferred<void>[] = [];
  const commits = new GroupCommit((changes) => {
    groups.push(Array.from(changes, ({ key }) => key));
    const end = createDeferred<void>();
    ends.push(end);
    return end.promise;
  });
  return { commits, groups, ends };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("writes", () => {
  it("in one tick share a group, and those during a sync share the next, in order", async () => {
    const { commits, groups, ends } = slowDisk();
    const first = [commits.write([put("a"), put("b")]), commits.write([put("c")])];
    await turn();
    const second = [commits.write([put("d")]), commits.write([put("e")])];
    await turn();
    expect(groups).toEqual([["a", "b", "c"]]);
    ends[0]?.resolve();
    await Promise.all(first);
    await turn();
    expect(groups).toEqual([
      ["a", "b", "c"],
      ["d", "e"],
    ]);
    ends[1]?.resolve();
    await Promise.all(second);
  });

  it("resolve only once their own group is on disk", async () => {
    const { commits, ends } = slowDisk();
    const done: string[] = [];
    const a = commits.write([put("a")]).then(() => done.push("a"));
    await turn();
    const b = commits.write([put("b")]).then(() => done.push("b"));
    await turn();
    expect(done).toEqual([]);
    ends[0]?.resolve();
    await a;
    await turn();
    expect(done).toEqual(["a"]);
    ends[1]?.resolve();
    await b;
  });

  it("all reject when their group fails, and later ones reject without being tried", async () => {
    const { commits, groups, ends } = slowDisk();
    const both = Promise.allSettled([commits.write([put("a")]), commits.write([put("b")])]);
    await turn();
    const waiting = expect(commits.write([put("c")])).rejects.toThrow("disk full");
    ends[0]?.reject(new Error("disk full"));
    expect((await both).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await waiting;
    await expect(commits.write([put("d")])).rejects.toThrow("disk full");
    expect(groups).toEqual([["a", "b"]]);
    await commits.idle();
  });

  it("are all done when idle resolves", async () => {
    const { commits, ends } = slowDisk();
    let isIdle = false;
    const a = commits.write([put("a")]);
    const idle = commits.idle().then(() => {
      isIdle = true;
    });
    await turn();
    expect(isIdle).toBe(false);
    ends[0]?.resolve();
    await Promise.all([a, idle]);
  });
});
