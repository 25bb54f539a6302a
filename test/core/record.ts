import fc from "fast-check";

/** An arbitrary of objects with this type and these fields. */
export function record<T extends string, F extends Record<string, unknown>>(
  type: T,
  fields: { [K in keyof F]: fc.Arbitrary<F[K]> },
) {
  return fc
    .record(fields as { [K in keyof F]: fc.Arbitrary<F[K]> })
    .map((drawn) => ({ type, ...drawn })) as fc.Arbitrary<{ type: T } & F>;
}
