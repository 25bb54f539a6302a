import { createHmac } from "node:crypto";

export interface TokenForm {
  /** As it appears in the token. */
  readonly sr: string;
  readonly key: string;
  readonly se: number | string;
  readonly skn?: string;
  /** Default: the decoded bytes. Event Hubs clients sign with the key's text. */
  readonly keyForm?: "bytes" | "text";
  readonly order?: readonly ("sr" | "sig" | "se" | "skn")[];
  /** Escapes the signature's `+`, `/` and `=`. */
  readonly escape?: (signature: string) => string;
}

/** Creates a token field by field, independent of the code under test. */
export function signToken(form: TokenForm): string {
  const { sr, key, se, skn, keyForm = "bytes", order = ["sr", "sig", "se", "skn"] } = form;
  const secret = keyForm === "bytes" ? Buffer.from(key, "base64") : key;
  const signature = createHmac("sha256", secret).update(`${sr}\n${se}`).digest("base64");
  const sig = (form.escape ?? encodeURIComponent)(signature);
  const fields = { sr, sig, se: String(se), skn };
  const parts = order.flatMap((name) =>
    fields[name] === undefined ? [] : [`${name}=${fields[name]}`],
  );
  return `SharedAccessSignature ${parts.join("&")}`;
}

/** `%2b` instead of `%2B`, as uamqp writes it. */
export function escapeInLowerCase(signature: string): string {
  return encodeURIComponent(signature).replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
}

/** Leaves `/` alone, as Python's `quote` does. */
export function escapeAllButSlash(signature: string): string {
  return encodeURIComponent(signature).replaceAll("%2F", "/");
}

export function doNotEscape(signature: string): string {
  return signature;
}
