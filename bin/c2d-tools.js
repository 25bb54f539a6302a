#!/usr/bin/env node
const name = process.argv[2];
if (["send", "device", "hub"].includes(name)) {
  process.argv.splice(2, 1);
  require(`../dist/c2d-${name}.cjs`).main();
} else {
  require("../dist/c2d-tools.cjs").main();
}
