/** Test files share a process: restores what one has changed before the next. */

import dns from "node:dns";
import { afterAll } from "vitest";

// Hosts of tests are on this machine, or nowhere.
for (const name of ["https_proxy", "all_proxy", "no_proxy"]) {
  delete process.env[name];
  delete process.env[name.toUpperCase()];
}

const { lookup } = dns;
const env = { ...process.env };

afterAll(() => {
  dns.lookup = lookup;
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
});
