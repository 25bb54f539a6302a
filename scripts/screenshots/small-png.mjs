/** Pictures of a page have few colors: with a palette, a file is a third as large. */

import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
const PALETTE_SIZE = 256;

/** @param png As Chromium writes it: 8 bits a channel, not interlaced. */
export function shrinkPng(png) {
  const { width, height, channels, data } = readPng(png);
  const counts = new Map();
  const colors = new Uint32Array(width * height);
  for (let pixel = 0; pixel < colors.length; pixel += 1) {
    const at = pixel * channels;
    const color = (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
    colors[pixel] = color;
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  const palette = choosePalette(counts);
  const indexes = new Map(palette.map((color, index) => [color, index]));
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const color = colors[y * width + x];
      let index = indexes.get(color);
      if (index === undefined) {
        index = nearest(palette, color);
        indexes.set(color, index);
      }
      rows[y * (width + 1) + 1 + x] = index;
    }
  }
  return writePng(width, height, palette, rows);
}

/** Each time the color that most pixels miss most. */
function choosePalette(counts) {
  const colors = [...counts.keys()];
  const distances = colors.map(() => 2 ** 18);
  const palette = [];
  while (palette.length < Math.min(PALETTE_SIZE, colors.length)) {
    const worth = colors.map((color, at) => distances[at] * Math.sqrt(counts.get(color)));
    const chosen = colors[worth.indexOf(Math.max(...worth))];
    palette.push(chosen);
    colors.forEach((color, at) => {
      distances[at] = Math.min(distances[at], distance(color, chosen));
    });
  }
  return palette;
}

function nearest(palette, color) {
  const distances = palette.map((other) => distance(color, other));
  return distances.indexOf(Math.min(...distances));
}

function distance(color, other) {
  return [16, 8, 0].reduce(
    (sum, shift) => sum + (((color >> shift) & 255) - ((other >> shift) & 255)) ** 2,
    0,
  );
}

function readPng(png) {
  const parts = [];
  let header;
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString("latin1", at + 4, at + 8);
    const content = png.subarray(at + 8, at + 8 + length);
    if (type === "IHDR") header = content;
    if (type === "IDAT") parts.push(content);
    at += length + 12;
  }
  const width = header.readUInt32BE(0);
  const height = header.readUInt32BE(4);
  const channels = header[9] === 6 ? 4 : 3;
  return {
    width,
    height,
    channels,
    data: unfilter(inflateSync(Buffer.concat(parts)), width * channels, channels),
  };
}

/** Undoes the filter of each row. */
function unfilter(raw, stride, channels) {
  const rows = raw.length / (stride + 1);
  const data = Buffer.alloc(stride * rows);
  for (let y = 0; y < rows; y += 1) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x += 1) {
      const at = y * stride + x;
      const left = x >= channels ? data[at - channels] : 0;
      const up = y > 0 ? data[at - stride] : 0;
      const corner = x >= channels && y > 0 ? data[at - stride - channels] : 0;
      const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      data[at] = raw[y * (stride + 1) + 1 + x] + predicted;
    }
  }
  return data;
}

function paeth(left, up, corner) {
  const estimate = left + up - corner;
  const [a, b, c] = [left, up, corner].map((value) => Math.abs(estimate - value));
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

function writePng(width, height, palette, rows) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3], 8);
  const colors = Buffer.from(
    palette.flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255]),
  );
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", colors),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type, content) {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
}
