/** The real credential chain with a fake `az`: which handles it keeps and frees. */

import { chmodSync, copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { EntraProcessCredential } from "../../../../src/client/sdk/entra/entra-credential.ts";
import { packageFile } from "../../../../src/package-file.ts";
import { temporaryDirectory } from "../../../support/local-hub.ts";

const SCOPE = "https://iothubs.azure.net/.default";
const { PATH } = process.env;

let directory: string;

beforeEach(() => {
  process.env.AZURE_TOKEN_CREDENTIALS = "AzureCliCredential";
});

afterEach(() => {
  process.env.PATH = PATH;
  delete process.env.AZURE_TOKEN_CREDENTIALS;
});

function az(script: string): void {
  directory = temporaryDirectory();
  const path = join(directory, "az");
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  process.env.PATH = `${directory}${delimiter}${PATH}`;
}

/** Handles that keep the process alive, except the test's own. */
function resources(): string[] {
  return process.getActiveResourcesInfo().filter((type) => /Process|Pipe|Socket|TCP/.test(type));
}

it("returns the token, caches it until it expires, and leaves no handles", async () => {
  const token = { accessToken: "t0", expiresOn: "2099-01-01 00:00:00.000000", tokenType: "Bearer" };
  az(`echo x >> "$(dirname "$0")/calls"; echo '${JSON.stringify(token)}'`);
  const before = resources();
  const credential = new EntraProcessCredential();
  expect(await credential.getToken(SCOPE)).toMatchObject({ token: "t0" });
  expect(await credential.getToken([SCOPE])).toMatchObject({ token: "t0" });
  expect(readFileSync(join(directory, "calls"), "utf8")).toBe("x\n");
  await expect.poll(resources).toEqual(before);
});

it("rejects with the signal's reason, and leaves no handles", async () => {
  az(`echo $$ > "$(dirname "$0")/started"; sleep 600`);
  const before = resources();
  const search = new AbortController();
  const asked = new EntraProcessCredential().getToken(SCOPE, { abortSignal: search.signal });
  asked.catch(() => {});
  await expect.poll(() => existsSync(join(directory, "started"))).toBe(true);
  const reason = new Error("enough");
  search.abort(reason);
  await expect(asked).rejects.toBe(reason);
  await expect.poll(resources).toEqual(before);
});

it("fails with the message of the credential chain", async () => {
  az("echo 'Please run az login' >&2; exit 1");
  await expect(new EntraProcessCredential().getToken(SCOPE)).rejects.toMatchObject({
    name: "AggregateAuthenticationError",
    message: expect.stringContaining("az login"),
  });
});

it("names @azure/identity where it is not installed", async () => {
  const program = join(temporaryDirectory(), "entra-process.mjs");
  copyFileSync(packageFile("dist/entra-process.js"), program);
  await expect(new EntraProcessCredential(program).getToken(SCOPE)).rejects.toMatchObject({
    name: "PackageMissing",
    message: expect.stringContaining("@azure/identity"),
    hint: expect.stringContaining("npm install @azure/identity"),
  });
});
