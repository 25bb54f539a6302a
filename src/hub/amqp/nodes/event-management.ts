import rhea, { type Message as AmqpMessage } from "rhea";
import { HubError, toHubError } from "../../../core/hub-error.ts";
import { EVENT_HUB_NAME } from "../../../core/resource-path.ts";
import type { DeviceToCloud } from "../../model/device-to-cloud.ts";
import { correlationOf } from "../ids.ts";

type Events = Pick<DeviceToCloud, "createdTimeMs" | "partitionIds" | "propertiesOf">;

/** The time that Azure reports for an empty partition. */
const NEVER_MS = Date.parse("0001-01-01T00:00:00Z");

/** Rule event-management. */
export function toManagementReply(request: AmqpMessage, events: Events): AmqpMessage {
  try {
    return reply(request, 200, "OK", read(request, events));
  } catch (error) {
    const { httpStatus, message } = toHubError(error);
    return reply(request, httpStatus, message);
  }
}

function read({ application_properties = {} }: AmqpMessage, events: Events): object {
  const { operation, type, name, partition } = application_properties;
  if (operation !== "READ") {
    throw new HubError("ArgumentInvalid", `The operation '${operation}' is not supported.`);
  }
  if (String(name).toLowerCase() !== EVENT_HUB_NAME) {
    throw new HubError(
      "MessagingEntityNotFound",
      `The messaging entity '${name}' could not be found.`,
    );
  }
  if (type === "com.microsoft:eventhub") return describeHub(events);
  if (type === "com.microsoft:partition") return describePartition(String(partition), events);
  throw new HubError("ArgumentInvalid", `The entity type '${type}' is not supported.`);
}

function describeHub({ createdTimeMs, partitionIds }: Events): object {
  return {
    name: EVENT_HUB_NAME,
    type: "com.microsoft:eventhub",
    created_at: rhea.types.wrap_timestamp(createdTimeMs),
    partition_count: rhea.types.wrap_int(partitionIds.length),
    partition_ids: rhea.types.wrap_array(partitionIds, 0xa1, undefined as never),
  };
}

function describePartition(partitionId: string, events: Events): object {
  const properties = events.propertiesOf(partitionId);
  const { wrap_long, wrap_timestamp } = rhea.types;
  return {
    name: EVENT_HUB_NAME,
    type: "com.microsoft:partition",
    partition: partitionId,
    begin_sequence_number: wrap_long(properties.beginSequenceNumber),
    last_enqueued_sequence_number: wrap_long(properties.lastSequenceNumber),
    last_enqueued_offset: String(properties.lastOffset),
    last_enqueued_time_utc: wrap_timestamp(properties.lastEnqueuedTimeMs ?? NEVER_MS),
    is_partition_empty: properties.isEmpty,
  };
}

function reply(
  request: AmqpMessage,
  status: number,
  description: string,
  body?: object,
): AmqpMessage {
  return {
    ...correlationOf(request.message_id),
    application_properties: {
      "status-code": rhea.types.wrap_int(status),
      "status-description": description,
    },
    body,
  };
}
