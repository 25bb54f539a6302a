import { measureInTurn } from "./in-turn.mjs";

/**
 * The CPU time that each server needs for a message, in microseconds.
 *
 * @param {{ rounds: number, warmUps?: number, messages: number }} options
 * @param {Record<string, { server: { cpuMs: () => number }, path: { run: (count: number) => Promise<void> } }>} contenders
 */
export function measureCpuPerMessage({ messages, ...options }, contenders) {
  const measures = Object.entries(contenders).map(([name, { server, path }]) => [
    name,
    async () => {
      const beforeMs = server.cpuMs();
      await path.run(messages);
      return ((server.cpuMs() - beforeMs) * 1000) / messages;
    },
  ]);
  return measureInTurn(options, Object.fromEntries(measures));
}
