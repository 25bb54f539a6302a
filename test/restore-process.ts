/** Test files share a process: restores what one has changed before the next. */

import dns from "node:dns";
import { afterAll } from "vitest";

const { lookup } = dns;
const env = { ...process.env };

afterAll(() => {
  dns.lookup = lookup;
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
});
