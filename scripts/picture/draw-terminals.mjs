/** Two terminal windows as an SVG, the second in front of the first, with the colors of escape sequences. */

const FONT_SIZE = 13;
/** Width of a character, rounded up: it differs a little between fonts. */
const ADVANCE = 0.605 * FONT_SIZE;
const LINE_HEIGHT = 18;
const TITLE_HEIGHT = 30;
const PADDING = 16;
/** How far the front window stands out below the other. */
const OVERHANG = 24;

/** Classes of the style sheet below, by the number in `ESC[<number>m`. */
const CLASSES = { 1: "bold", 2: "dim", 31: "red", 32: "green", 33: "yellow", 36: "cyan" };
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one.
const ESCAPE = /(\x1b\[\d+m)/;

const STYLE = `
    text { font: ${FONT_SIZE}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d1d7e0; white-space: pre; }
    rect { fill: #151b23; stroke: #57606a; }
    path { stroke: #3d444d; }
    .dim { fill: #9198a1; }
    .bold { fill: #ffffff; font-weight: 600; }
    .red { fill: #ff7b72; }
    .green { fill: #56d364; }
    .yellow { fill: #e3b341; }
    .cyan { fill: #56d4dd; }
  `;

/** @param back, front `{ title, command, output }`. */
export function drawTerminals(back, front) {
  const [below, above] = [layOut(back), layOut(front)];
  const y = below.height - above.height + OVERHANG;
  const firstCovered = Math.floor((y - TITLE_HEIGHT - PADDING) / LINE_HEIGHT);
  // To the right of every line it would cover.
  const x = widthOf(below.lines.slice(firstCovered));
  const width = Math.max(below.width, x + above.width) + 2;
  const height = y + above.height + 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="-1 -1 ${width} ${height}" width="${width}" height="${height}">
  <title>Two terminals: ${back.command} and ${front.command}</title>
  <style>${STYLE}</style>
${draw(below, 0, 0)}
${draw(above, x, y)}
</svg>
`;
}

function layOut({ title, command, output }) {
  const lines = [`\x1b[2m$\x1b[22m \x1b[1m${command}\x1b[22m`, ...output.trimEnd().split("\n")];
  const height = TITLE_HEIGHT + 2 * PADDING + lines.length * LINE_HEIGHT;
  return { title, lines, width: widthOf(lines), height };
}

function widthOf(lines) {
  const columns = Math.max(
    ...lines.map((line) => line.split(ESCAPE).filter(isText).join("").length),
  );
  return Math.ceil(columns * ADVANCE) + 2 * PADDING;
}

function draw({ title, lines, width, height }, x, y) {
  const texts = lines.map((line, row) => {
    const baseline = TITLE_HEIGHT + PADDING + row * LINE_HEIGHT + FONT_SIZE;
    return `    <text x="${PADDING}" y="${baseline}">${drawLine(line)}</text>\n`;
  });
  return `  <g transform="translate(${x} ${y})">
    <rect width="${width}" height="${height}" rx="8"/>
    <path d="M0 ${TITLE_HEIGHT}H${width}"/>
    <text class="dim" x="${width / 2}" y="20" text-anchor="middle">${title}</text>
${texts.join("")}  </g>`;
}

/** Each stretch of text that has a color becomes an element. */
function drawLine(line) {
  let style;
  const parts = line.split(ESCAPE).map((part) => {
    if (isText(part)) return drawText(part, style);
    style = CLASSES[Number.parseInt(part.slice(2), 10)];
    return "";
  });
  return parts.join("");
}

function drawText(text, style) {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return style === undefined || text === ""
    ? escaped
    : `<tspan class="${style}">${escaped}</tspan>`;
}

function isText(part) {
  return !part.startsWith("\x1b");
}
