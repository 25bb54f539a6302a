/** Modules that bundled packages get in another form, because the usual one warns or loads too much. */

import { readFileSync } from "node:fs";

/** Node warns of `url.parse`, which the SDKs call, in code that is not in a folder called node_modules. */
const QUIET_URL = `
import url from "node:url";
export * from "node:url";
export function parse(...args) {
  const { noDeprecation } = process;
  process.noDeprecation = true;
  try {
    return url.parse(...args);
  } finally {
    process.noDeprecation = noDeprecation;
  }
}
`;

/** The import of `node:process` reads every property and so opens the standard streams: 4 ms. */
const PROCESS = "module.exports = globalThis.process;";

/** What machina and azure-iot-device use, less than half of it, each when it is first used. */
const LODASH_FUNCTIONS = [
  "assign",
  "at",
  "cloneDeep",
  "defaults",
  "difference",
  "each",
  "extend",
  "filter",
  "includes",
  "isArray",
  "isPlainObject",
  "merge",
  "transform",
  "without",
];
const LODASH = `
function lazy(name, load) {
  const get = () => {
    const value = load();
    Object.defineProperty(exports, name, { value });
    return value;
  };
  Object.defineProperty(exports, name, { configurable: true, enumerable: true, get });
}
${LODASH_FUNCTIONS.map((name) => `lazy("${name}", () => require("lodash/${name}"));`).join("\n")}
`;

/** 1.2 MB with what it needs, for the upload of files, which no command offers. */
const STORAGE_BLOB = whenUsed("@azure/storage-blob");

/** Most connections go through no proxy: 2 ms. */
const PROXY_AGENT = `
module.exports = { get HttpsProxyAgent() { return require("https-proxy-agent").HttpsProxyAgent; } };
`;

/** For an orderly close by the SDKs, which only devices over AMQP have. */
const ASYNC = whenUsed("async");

/** It is silent in our programs (src/cli/program/disable-debug.ts), but asked for each frame: 1 µs. */
const DEBUG = `
function create() {
  return Object.assign(() => {}, { enabled: false, extend: create });
}
module.exports = Object.assign(create, { debug: create, default: create, formatters: {} });
`;

/** commander needs it for commands that are programs of their own, of which there are none. */
const CHILD_PROCESS = `
module.exports = { get spawn() { return require("node:child_process").spawn; } };
`;

/** A tenth of what a send loads, for the transport amqp-ws alone: a file of its own. */
const WS = `module.exports = require("./ws.cjs");`;

const REPLACED = [
  { name: "url", contents: QUIET_URL },
  { name: "node:process", contents: PROCESS },
  { name: "node:child_process", importer: /\/node_modules\/commander\//, contents: CHILD_PROCESS },
  { name: "ws", importer: /\/node_modules\/azure-iothub\//, contents: WS },
  { name: "debug", contents: DEBUG },
  { name: "lodash", contents: LODASH },
  { name: "@azure/storage-blob", contents: STORAGE_BLOB },
  { name: "https-proxy-agent", contents: PROXY_AGENT, isBundled: true },
  { name: "async", contents: ASYNC, isBundled: true },
];

const NAMES = new RegExp(`^(${REPLACED.map(({ name }) => name).join("|")})$`);

function whenUsed(name) {
  return `module.exports = new Proxy({}, { get: (_, name) => require("${name}")[name] });`;
}

/** A newer version of a package may use more: it would fail only where it does. */
function requireListed(importer) {
  for (const [, name] of readFileSync(importer, "utf8").matchAll(/\b_\.(\w+)\(/g)) {
    if (!LODASH_FUNCTIONS.includes(name)) throw new Error(`${importer} uses lodash's ${name}`);
  }
}

export const replacedModules = {
  name: "replaced-modules",
  setup(build) {
    build.onResolve({ filter: NAMES }, ({ path, importer, namespace }) => {
      const replaced = REPLACED.find(({ name }) => name === path);
      // What a replacement itself imports by the same name is the original.
      if (namespace === "replaced")
        return replaced.isBundled ? undefined : { path, external: true };
      if (replaced.importer && !replaced.importer.test(importer)) return undefined;
      if (path === "lodash") requireListed(importer);
      return { path, namespace: "replaced", pluginData: replaced.contents };
    });
    build.onLoad({ filter: /.*/, namespace: "replaced" }, ({ pluginData }) => ({
      contents: pluginData,
      resolveDir: ".",
    }));
  },
};
