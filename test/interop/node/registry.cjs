// The registry with nothing but azure-iothub and the variables of `c2d-hub env`.

"use strict";
const iothub = require("azure-iothub");

const registry = iothub.Registry.fromConnectionString(process.env.IOTHUB_CONNECTION_STRING);
const tell = (type, fields) => console.log(JSON.stringify({ type, ...fields }));
const codeOf = (promise) =>
  promise.then(
    () => undefined,
    ({ name }) => name,
  );

async function main() {
  const { responseBody: created } = await registry.create({ deviceId: "new", status: "enabled" });
  tell("created", {
    deviceId: created.deviceId,
    key: created.authentication.symmetricKey.primaryKey,
  });
  tell("again", { error: await codeOf(registry.create({ deviceId: "new" })) });
  const { responseBody: disabled } = await registry.update({ ...created, status: "disabled" });
  tell("updated", { status: disabled.status });
  const { responseBody: devices } = await registry.list();
  tell("listed", { deviceIds: devices.map(({ deviceId }) => deviceId) });
  const { responseBody: bulk } = await registry.addDevices([{ deviceId: "a" }, { deviceId: "b" }]);
  tell("added", bulk);
  const query = registry.createQuery("select * from devices", 2);
  const pages = [];
  while (query.hasMoreResults) {
    const { result } = await query.nextAsTwin();
    pages.push(result.map(({ deviceId }) => deviceId));
  }
  tell("queried", { pages });
  const { responseBody: statistics } = await registry.getRegistryStatistics();
  tell("counted", statistics);
  await registry.delete("new");
  tell("missing", { error: await codeOf(registry.get("new")) });
}

void main();
