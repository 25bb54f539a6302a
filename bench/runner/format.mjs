/** Figures as tables in Markdown. */

import { fileURLToPath } from "node:url";
import { isMet, pairedRatios, spreadOf } from "../measuring/figures.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const HEADER = [
  "| measured | median (min–max) | against | median (min–max) | ratio (min–max) | target |",
  "|---|---|---|---|---|---|",
];

export function formatResult({ name, description, figures, notes, error }) {
  const lines = [`## ${name}`, "", description, ""];
  if (figures.length > 0) lines.push(...HEADER, ...figures.map(formatRow), "");
  for (const note of notes) lines.push(`- ${note}`);
  if (notes.length > 0) lines.push("");
  if (error !== undefined) lines.push(`**FAILED**: ${summarize(error)}`, "");
  return lines.join("\n");
}

/** Where it was run does not belong in a report. */
function summarize(error) {
  return error.split("\n")[0].replaceAll(ROOT, "");
}

function formatRow(figure) {
  const { what, unit, samples, against, targets } = figure;
  const cells = [
    what,
    formatSpread(samples, ` ${unit}`),
    against?.what ?? "–",
    against ? formatSpread(against.samples, ` ${unit}`) : "–",
    against ? formatSpread(pairedRatios(figure), "x") : "–",
    targets.map((target) => formatTarget(figure, target)).join(", ") || "–",
  ];
  return `| ${cells.join(" | ")} |`;
}

function formatSpread(samples, unit) {
  const { median, min, max } = spreadOf(samples);
  const range = samples.length > 1 ? ` (${formatNumber(min)}–${formatNumber(max)})` : "";
  return `${formatNumber(median)}${unit}${range}`;
}

function formatTarget(figure, target) {
  const { of, atMost, atLeast } = target;
  const bound = atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`;
  const unit = of === "ratio" ? "x" : ` ${figure.unit}`;
  return `${bound}${unit}: ${isMet(figure, target) ? "met" : "**missed**"}`;
}

/** Three digits say all that the spread allows. */
function formatNumber(value) {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}
