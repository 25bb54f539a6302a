import { createWebSocketStream, WebSocket } from "ws";
import { createMqttDriver } from "./mqtt-driver.ts";

/** MQTT packet by packet, through a WebSocket. */
export const mqttWsDriver = createMqttDriver("mqtt-ws", ({ endpoint: { host, port, ca } }) => {
  const url = `wss://${host}:${port}/$iothub/websocket`;
  return createWebSocketStream(new WebSocket(url, "mqtt", { ...(ca !== undefined && { ca }) }));
});
