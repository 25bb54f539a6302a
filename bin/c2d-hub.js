#!/usr/bin/env -S node --
import { main } from "../dist/cli/hub/main.js";

await main();
