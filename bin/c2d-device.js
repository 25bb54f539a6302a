#!/usr/bin/env node
import { main } from "../dist/cli/device/main.js";

await main();
