#!/usr/bin/env node
require("../dist/c2d-send.cjs").main();
