import { closeSync, openSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { figure, figureAtMost } from "../measuring/figures.mjs";
import { measureInTurn } from "../measuring/in-turn.mjs";
import { scriptOf, timeNode } from "../measuring/programs.mjs";
import { writeCertificateFiles } from "../servers/certificate.mjs";

export const description =
  "`startLocalHub()` until it is ready, the first in its process, without the time to load the package; a TLS server that has a certificate, until it listens.";

const LIBRARY = fileURLToPath(new URL("../servers/start-library-hub.mjs", import.meta.url));
const TLS_SERVER = scriptOf("bench/opponents/start-tls-server.mjs");
const OUTPUT_FILE = "output";

export async function measure({ size }) {
  const { certFile, keyFile } = await writeCertificateFiles();
  const { library, server } = await measureInTurn(
    { rounds: size(15, 1), warmUps: size(3, 0) },
    {
      library: () => printedMs([LIBRARY]),
      server: () => printedMs([TLS_SERVER, certFile, keyFile]),
    },
  );
  return [
    figure("`startLocalHub()`", "ms", library, {
      against: { what: "a TLS server", samples: server },
      targets: [figureAtMost(30)],
    }),
  ];
}

/** What the program has measured itself. */
async function printedMs(args) {
  const stdout = openSync(OUTPUT_FILE, "w");
  await timeNode(args, { stdout }).finally(() => closeSync(stdout));
  return Number(readFileSync(OUTPUT_FILE, "utf8"));
}
