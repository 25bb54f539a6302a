/** docs/commands.md holds what `--help` says, word for word. `npx vitest run test/docs -u` updates it. */

import { join } from "node:path";
import { expect, test } from "vitest";
import { readAllHelp } from "./help.ts";
import { ROOT } from "./pages.ts";

const HEAD = `# Commands

What \`--help\` of each command says. [The README](../README.md) tells what they are for.
`;

test("docs/commands.md is what --help says", async () => {
  const sections = readAllHelp().map(
    ({ name, text }) => `\n## ${name}\n\n\`\`\`text\n${text.trim()}\n\`\`\`\n`,
  );
  await expect(HEAD + sections.join("")).toMatchFileSnapshot(join(ROOT, "docs/commands.md"));
});
