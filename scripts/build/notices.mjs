/** Names, versions and licences of the packages that are bundled. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const PACKAGE_FOLDER = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;

export function packagesOf(outputs, root) {
  const folders = Object.values(outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([path]) => PACKAGE_FOLDER.exec(path)?.[1] ?? []);
  const packages = [...new Set(folders)].map((folder) => readPackage(join(root, folder)));
  const unique = new Map(packages.map((each) => [`${each.name} ${each.version}`, each]));
  return [...unique.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

function readPackage(folder) {
  const { name, version, license, licenses } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  );
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const text = file ? readFileSync(join(folder, file), "utf8") : "";
  // machina has the older form.
  return { name, version, license: license ?? licenses[0].type, text: text.trim() };
}

export function formatNotices(packages) {
  const list = packages.map(({ name, version, license }) => `${name} ${version}: ${license}`);
  const texts = packages
    .filter(({ text }) => text)
    .map(({ name, version, text }) => `${name} ${version}\n\n${text}`);
  const rule = `\n\n${"-".repeat(72)}\n\n`;
  return `${["c2d-tools contains code of these packages:", "", ...list].join("\n")}${rule}${texts.join(rule)}\n`;
}
