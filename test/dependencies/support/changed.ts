/** Modified objects of packages, as another version might have them. */

import {
  Internals,
  Member,
  type Members,
  type Need,
  Optional,
} from "../../../src/dependencies/internals.ts";

export type Change = "removed" | "of another kind";

/** A declared member, and one way in which it might change. */
export interface Mutation {
  readonly path: readonly string[];
  readonly change: Change;
  readonly replacement?: unknown;
}

/** The possible mutations of the declared members. */
export function mutationsOf(members: Members, parents: readonly string[] = []): Mutation[] {
  return Object.entries(members).flatMap(([name, need]) => {
    const path = [...parents, name];
    return [
      ...(need instanceof Optional && need.mayBeAbsent
        ? []
        : [{ path, change: "removed" } as const]),
      ...replacementsOf(need).map((replacement) => ({
        path,
        change: "of another kind" as const,
        replacement,
      })),
      ...(isRecord(need) ? mutationsOf(need, path) : []),
    ];
  });
}

/** The first value of another kind, if there is one. */
function replacementsOf(need: Need): unknown[] {
  if (need instanceof Optional) return replacementsOf(need.need);
  if (need instanceof Member)
    return ["text", 1].filter((value) => !need.accepts(value)).slice(0, 1);
  return ["text"];
}

function isRecord(need: Need): need is Members {
  return !(need instanceof Member || need instanceof Optional || need instanceof Internals);
}

/** A view of `target` with this mutation. */
export function mutate(target: object, { path, change, replacement }: Mutation): object {
  const [changed = "", ...rest] = path;
  const isLast = rest.length === 0;
  return new Proxy(
    {},
    {
      has: (_, name) => (name === changed && isLast ? change !== "removed" : name in target),
      get(_, name) {
        const value: unknown = Reflect.get(target, name);
        if (name !== changed) return value;
        return isLast ? replacement : mutate(value as object, { path: rest, change, replacement });
      },
    },
  );
}
