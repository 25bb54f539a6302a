#!/usr/bin/env node
import { main } from "../dist/cli/hub/main.js";

await main();
