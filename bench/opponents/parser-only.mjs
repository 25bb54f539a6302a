import "commander";
import "chalk";
import "dotenv";
