import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { OpenConnections } from "../../../src/hub/listener/open-connections.ts";

function watched() {
  const connections = new OpenConnections();
  const told: number[] = [];
  connections.watch((clients) => told.push(clients));
  return { connections, told };
}

test("connections are counted by what they speak now", () => {
  const { connections } = watched();
  const [mqtt, webSocket, silent] = [new PassThrough(), new PassThrough(), new PassThrough()];
  for (const socket of [mqtt, webSocket, silent]) connections.add(socket);
  connections.use(mqtt, "mqtt");
  connections.use(webSocket, "https");
  connections.use(webSocket, "amqp");
  expect(connections.byProtocol).toEqual({ mqtt: 1, amqp: 1, https: 0 });
  expect(connections.clients).toBe(3);
  connections.delete(mqtt);
  connections.delete(mqtt);
  expect(connections.byProtocol).toEqual({ mqtt: 0, amqp: 1, https: 0 });
  expect(connections.sockets).toEqual([webSocket, silent]);
});

test("observers are no clients", () => {
  const { connections, told } = watched();
  const socket = new PassThrough();
  connections.add(socket);
  connections.use(socket, "https");
  connections.use(socket, "observer");
  expect(connections.byProtocol).toEqual({ mqtt: 0, amqp: 0, https: 0 });
  connections.use(socket, "https");
  expect(connections.byProtocol).toMatchObject({ https: 1 });
  connections.use(socket, "observer");
  connections.delete(socket);
  expect(told).toEqual([1, 0, 1, 0, 0]);
});

test("a connection that has been closed does not come back", () => {
  const { connections } = watched();
  const socket = new PassThrough();
  connections.add(socket);
  connections.delete(socket);
  connections.use(socket, "observer");
  expect(connections.clients).toBe(0);
  expect(connections.sockets).toEqual([]);
});
