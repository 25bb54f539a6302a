#!/usr/bin/env node
require("../dist/c2d-device.cjs").main();
