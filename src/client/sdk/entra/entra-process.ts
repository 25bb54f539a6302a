/** The program that `entra-credential.ts` runs for one token, over the channel to its parent. */

export type EntraAnswer =
  | { readonly type: "token"; readonly token: string; readonly expiresOnTimestamp: number }
  | { readonly type: "failed"; readonly name: string; readonly message: string }
  /** The package is not installed: npm leaves optional ones out if told to, pnpm hides them. */
  | { readonly type: "missing" };

async function answer(scope: string): Promise<EntraAnswer> {
  try {
    const { DefaultAzureCredential } = await import("@azure/identity");
    const { token, expiresOnTimestamp } = await new DefaultAzureCredential().getToken(scope);
    return { type: "token", token, expiresOnTimestamp };
  } catch (error) {
    if (isMissing(error)) return { type: "missing" };
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { type: "failed", name, message };
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
}

/** The parent has its token or has exited, so everything the chain has started must end. */
process.once("disconnect", () => {
  process.kill(process.platform === "win32" ? process.pid : -process.pid, "SIGKILL");
});

process.once("message", (scope: string) => {
  void answer(scope).then((result) => {
    process.send?.(result, undefined, {}, () => process.disconnect());
  });
});
