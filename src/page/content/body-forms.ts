/** The forms in which a body can be read. */

import { visibleText } from "../shared/visible-text.ts";
import { hexDump } from "./hex-dump.ts";
import { layoutJson } from "./layout-json.ts";

export type BodyForm = "JSON" | "Text" | "Hex";

export interface Body {
  readonly bytes: Uint8Array;
  /** Absent if the bytes are not UTF-8. */
  readonly text: string | undefined;
  readonly json: string | undefined;
}

/** How much is laid out before "show all". */
const SHOWN_CHARACTERS = 8192;
const SHOWN_BYTES = 2048;

export function readBody(base64: string): Body {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const text = decode(bytes);
  return { bytes, text, json: text === undefined ? undefined : layoutJson(text) };
}

/** The most readable first. */
export function formsOf({ text, json }: Body): readonly BodyForm[] {
  if (text === undefined) return ["Hex"];
  return json === undefined ? ["Text", "Hex"] : ["JSON", "Text", "Hex"];
}

export function showBody(
  { bytes, text = "", json = "" }: Body,
  form: BodyForm,
  { all, bytesPerLine }: { readonly all: boolean; readonly bytesPerLine: number },
): { readonly shown: string; readonly isCut: boolean } {
  if (form === "Hex") {
    const isCut = !all && bytes.length > SHOWN_BYTES;
    const part = isCut ? bytes.subarray(0, SHOWN_BYTES) : bytes;
    return { shown: hexDump(part, bytesPerLine), isCut };
  }
  const full = form === "JSON" ? json : text;
  const isCut = !all && full.length > SHOWN_CHARACTERS;
  return { shown: visibleText(isCut ? full.slice(0, SHOWN_CHARACTERS) : full), isCut };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
