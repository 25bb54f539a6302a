/**
 * machina, the SDKs' state machine, makes two events of each call, although the SDKs listen to
 * none. In the bundles it makes those that somebody listens to.
 */

import { readFileSync } from "node:fs";

const EMIT = "emit: function( eventName ) {";
const UNLESS_HEARD =
  'if (!this.eventListeners["*"]?.length && !this.eventListeners[eventName]?.length) return;';

export const quietMachina = {
  name: "quiet-machina",
  setup(build) {
    build.onLoad({ filter: /[\\/]machina[\\/]lib[\\/]machina\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      if (source.split(EMIT).length !== 2) throw new Error(`${path} emits its events otherwise`);
      return { contents: source.replace(EMIT, `${EMIT} ${UNLESS_HEARD}`) };
    });
  },
};
