/** Modules that become bundles of their own, so that the others share no file with them. */

export const apart = {
  name: "apart",
  setup(build) {
    build.onResolve({ filter: /\/device-ids\.ts$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "./device-ids.cjs", external: true } : undefined,
    );
  },
};
