import { once } from "node:events";
import { connect } from "node:tls";
import { scriptOf, startProgram } from "../measuring/programs.mjs";
import { writeCertificateFiles } from "./certificate.mjs";

const SERVER = scriptOf("bench/opponents/tls-server.mjs");

/** A server that has nothing but connections. */
export async function startTlsServer(nodeArgs = []) {
  const { cert, certFile, keyFile } = await writeCertificateFiles();
  const server = startProgram(process.execPath, [...nodeArgs, SERVER, certFile, keyFile], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = await once(server.stdout, "data");
  return {
    port: Number(output),
    ca: cert,
    pid: server.pid,
    async stop() {
      server.kill();
      await once(server, "close");
    },
  };
}

/** A client that sends one byte, and no more. */
export function connectTlsClient({ port, ca }) {
  const socket = connect({ host: "127.0.0.1", port, servername: "localhost", ca });
  socket.on("error", () => {});
  const ready = new Promise((resolve) => socket.once("secureConnect", resolve)).then(() =>
    socket.write("x"),
  );
  return { ready, close: () => socket.destroy() };
}
