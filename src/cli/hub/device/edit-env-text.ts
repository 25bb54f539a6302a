import { parse } from "dotenv";
import { quoteForDotenv } from "../quoting.ts";

export interface EnvEdits {
  /** Variables to set: in place if present, else at the end. */
  readonly set: Readonly<Record<string, string>>;
  readonly commentOut: readonly string[];
  /** Added commented out for the user to fill in, unless present. */
  readonly suggest: readonly string[];
}

/** Undefined if that would change other variables, because of a value that spans lines. */
export function editEnvText(text: string, edits: EnvEdits): string | undefined {
  let edited = text;
  for (const name of edits.commentOut) edited = edited.replace(assignmentsOf(name), "#$&");
  for (const [name, value] of Object.entries(edits.set)) edited = setVariable(edited, name, value);
  for (const name of edits.suggest) edited = suggestVariable(edited, name);
  return isAsIntended(text, edited, edits) ? edited : undefined;
}

/** Of several assignments the last one counts, as in dotenv. */
function setVariable(text: string, name: string, value: string): string {
  const assignment = `${name}=${quoteForDotenv(value)}`;
  const last = [...text.matchAll(assignmentsOf(name))].at(-1);
  if (last !== undefined) {
    const [line, prefix = ""] = last;
    const end = last.index + line.length;
    return `${text.slice(0, last.index)}${prefix}${assignment}${text.slice(end)}`;
  }
  return appendLine(text, assignment);
}

function suggestVariable(text: string, name: string): string {
  return new RegExp(`\\b${name}[ \\t]*=`).test(text) ? text : appendLine(text, `#${name}=`);
}

function appendLine(text: string, line: string): string {
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const gap = text === "" || text.endsWith("\n") ? "" : newline;
  return `${text}${gap}${line}${newline}`;
}

/** Assignments as dotenv reads them; the first group is the text before the name. */
function assignmentsOf(name: string): RegExp {
  return new RegExp(`^([ \\t]*(?:export[ \\t]+)?)${name}(?:[ \\t]*=|:[ \\t]).*$`, "gm");
}

function isAsIntended(before: string, after: string, { set, commentOut }: EnvEdits): boolean {
  const meant = { ...parse(before), ...set };
  for (const name of commentOut) delete meant[name];
  const found = parse(after);
  const names = new Set([...Object.keys(meant), ...Object.keys(found)]);
  return [...names].every((name) => meant[name] === found[name]);
}
