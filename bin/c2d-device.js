#!/usr/bin/env -S node --
import { main } from "../dist/cli/device/main.js";

await main();
