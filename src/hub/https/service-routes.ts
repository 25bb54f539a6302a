import { FEEDBACK_CONTENT_TYPE, formatFeedbackBatch } from "../../core/feedback-batch.ts";
import type { Settlement } from "../../core/message-queue.ts";
import type { FeedbackDelivery } from "../model/feedback-queue.ts";
import { type HttpReply, NO_CONTENT } from "./http-reply.ts";
import { DEVICE_PATH, type Route, type RouteServices } from "./route.ts";

const FEEDBACK = "/messages/serviceBound/feedback";

/** Rule https-feedback. */
export function serviceRoutes({ cloudToDevice, feedback, registry }: RouteServices): Route[] {
  const settle = async (lockToken: string, settlement: Settlement): Promise<HttpReply> => {
    await feedback.settle(lockToken, settlement);
    return NO_CONTENT;
  };
  return [
    {
      method: "DELETE",
      path: `${DEVICE_PATH}/commands`,
      permissions: ["ServiceConnect"],
      async handle({ deviceId }) {
        registry.get(deviceId);
        const totalMessagesPurged = await cloudToDevice.purge(deviceId);
        return { status: 200, body: { totalMessagesPurged, deviceId, moduleId: null } };
      },
    },
    {
      method: "GET",
      path: FEEDBACK,
      permissions: ["ServiceConnect"],
      handle() {
        const delivery = feedback.take();
        return delivery === undefined ? NO_CONTENT : toFeedbackReply(delivery);
      },
    },
    {
      method: "DELETE",
      path: `${FEEDBACK}/:lockToken`,
      permissions: ["ServiceConnect"],
      handle: ({ lockToken }) => settle(lockToken, "complete"),
    },
    {
      method: "POST",
      path: `${FEEDBACK}/:lockToken/abandon`,
      permissions: ["ServiceConnect"],
      handle: ({ lockToken }) => settle(lockToken, "abandon"),
    },
  ];
}

function toFeedbackReply({ lockToken, records }: FeedbackDelivery): HttpReply {
  return {
    status: 200,
    headers: { ETag: `"${lockToken}"`, "Content-Type": FEEDBACK_CONTENT_TYPE },
    body: Buffer.from(formatFeedbackBatch(records)),
  };
}
