#!/usr/bin/env node
require("../dist/c2d-hub.cjs").main();
