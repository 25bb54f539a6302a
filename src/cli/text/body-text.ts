export type BodyView =
  | {
      readonly bodyEncoding: "json";
      readonly body: unknown;
      /** The bytes in base64, when the value would not serialise back to them. */
      readonly raw?: string;
    }
  | { readonly bodyEncoding: "utf8"; readonly body: string }
  | { readonly bodyEncoding: "base64"; readonly body: string };

/** JSON if the content type says so and it parses; else text if it is UTF-8; else base64. */
export function viewBody(bytes: Uint8Array, contentType: string | undefined): BodyView {
  const text = decodeUtf8(bytes);
  if (text === undefined) return { bodyEncoding: "base64", body: toBase64(bytes) };
  return (
    (isJsonContentType(contentType) && viewJson(text, bytes)) || {
      bodyEncoding: "utf8",
      body: text,
    }
  );
}

export function isJsonContentType(contentType: string | undefined): boolean {
  const type = contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  return type === "application/json" || type.endsWith("+json");
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Undefined for bytes that are not UTF-8. Keeps a byte order mark, which is part of the body. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

function viewJson(text: string, bytes: Uint8Array): BodyView | undefined {
  try {
    const body: unknown = JSON.parse(text);
    const isSame = JSON.stringify(body) === text;
    return { bodyEncoding: "json", body, ...(!isSame && { raw: toBase64(bytes) }) };
  } catch {
    return undefined;
  }
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
