/** Records what the hub has acknowledged, what was observed, and violations. */

export class Ledger {
  /** Message id -> device, once the hub has accepted it. */
  accepted = new Map();
  /** Message id -> how often a device has seen it. */
  seen = new Map();
  /** Message id -> the feedback status of its acknowledged settlement. */
  settled = new Map();
  /** Message id -> status of its record. */
  records = new Map();
  /** Ids of messages whose record was in a batch with an acknowledged settlement. */
  echoed = new Set();
  /** Device id -> its primary key, once its creation was acknowledged. */
  devices = new Map();
  violations = [];
  counts = { refused: 0, uncertainSends: 0, redeliveries: 0, lateSettlements: 0, devices: 0 };
  #onPromise = () => {};
  #isClosed = false;

  /** Calls back at every acknowledgement from now on. */
  watchPromises(onPromise) {
    this.#onPromise = onPromise;
  }

  accept(messageId, deviceId) {
    this.accepted.set(messageId, deviceId);
    this.#onPromise();
  }

  deliver(messageId, deviceId, body) {
    if (body !== messageId) this.#violate(`${messageId} arrived with the body ${body}`);
    if (!messageId.startsWith(deviceId)) this.#violate(`${messageId} arrived at ${deviceId}`);
    if (this.settled.has(messageId)) {
      this.#violate(`${messageId} was redelivered after its settlement was acknowledged`);
    }
    if (this.records.has(messageId)) {
      this.#violate(`${messageId} was redelivered after its feedback record`);
    }
    const times = this.seen.get(messageId) ?? 0;
    if (times > 0) this.counts.redeliveries += 1;
    this.seen.set(messageId, times + 1);
  }

  /** What is settled from now on gets its record after the end. */
  close() {
    this.#isClosed = true;
  }

  settle(messageId, status) {
    if (!this.#isClosed) this.settled.set(messageId, status);
    this.#onPromise();
  }

  record({ originalMessageId: id, statusCode }) {
    if (this.echoed.has(id)) {
      this.#violate(`the record of ${id} was redelivered after its batch was settled`);
    }
    const before = this.records.get(id) ?? statusCode;
    if (before !== statusCode) this.#violate(`${id} ended as ${before} and as ${statusCode}`);
    this.records.set(id, statusCode);
  }

  echo(records) {
    for (const { originalMessageId } of records) this.echoed.add(originalMessageId);
    this.#onPromise();
  }

  keepDevice(deviceId, primaryKey) {
    this.devices.set(deviceId, primaryKey);
    this.counts.devices += 1;
    this.#onPromise();
  }

  /** Its deletion is in progress or done: no guarantees apply any more. */
  releaseDevice(deviceId) {
    this.devices.delete(deviceId);
  }

  /** Reports something that no rule allows. */
  report(text) {
    this.#violate(text);
  }

  /** Messages that were accepted or settled, without a feedback record so far. */
  open() {
    return [...this.accepted.keys(), ...this.settled.keys()].filter((id) => !this.records.has(id));
  }

  /** At the end: checks that everything acknowledged has happened. */
  audit() {
    for (const id of this.accepted.keys()) {
      if (!this.seen.has(id)) this.#violate(`${id} was accepted and never delivered`);
      if (!this.records.has(id)) this.#violate(`${id} was accepted and has no feedback record`);
    }
    for (const [id, status] of this.settled) {
      const reported = this.records.get(id);
      if (reported !== status)
        this.#violate(`${id} was settled as ${status} and reported as ${reported}`);
    }
  }

  /** `found` maps the ids of devices that exist to their primary keys. */
  auditDevices(found) {
    for (const [deviceId, key] of this.devices) {
      if (found.get(deviceId) !== key) this.#violate(`device ${deviceId} is lost`);
    }
  }

  #violate(text) {
    this.violations.push(text);
  }
}
