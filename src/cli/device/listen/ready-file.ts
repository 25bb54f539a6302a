import { renameSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../../terminal/usage-error.ts";

/**
 * Removes the file of an earlier run. The returned function writes the new one atomically.
 *
 * @throws UsageError for a path that cannot be written.
 */
export function prepareReadyFile(
  path: string | undefined,
  directory: string,
): (text: string) => void {
  if (path === undefined) return () => {};
  const target = resolve(directory, path);
  const unfinished = `${target}.${process.pid}.tmp`;
  const attempt = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      throw new UsageError(
        `--ready-file: ${path} cannot be written (${code})`,
        "Choose a file in an existing directory.",
      );
    }
  };
  attempt(() => {
    rmSync(target, { force: true });
    writeFileSync(unfinished, "");
    rmSync(unfinished);
  });
  return (text) =>
    attempt(() => {
      writeFileSync(unfinished, text);
      renameSync(unfinished, target);
    });
}
