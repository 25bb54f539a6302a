/** The program that `entra-credential.ts` runs for one token, over the channel to its parent. */

import { DefaultAzureCredential } from "@azure/identity";

export type EntraAnswer =
  | { readonly type: "token"; readonly token: string; readonly expiresOnTimestamp: number }
  | { readonly type: "failed"; readonly name: string; readonly message: string };

async function answer(scope: string): Promise<EntraAnswer> {
  try {
    const { token, expiresOnTimestamp } = await new DefaultAzureCredential().getToken(scope);
    return { type: "token", token, expiresOnTimestamp };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { type: "failed", name, message };
  }
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
