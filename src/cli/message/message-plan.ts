import { UsageError } from "../terminal/usage-error.ts";
import { findUnknownPlaceholder, PLACEHOLDERS } from "../text/placeholders.ts";
import { validateContentEncoding } from "./content-encoding.ts";
import type { MessageFlags } from "./message-flags.ts";
import { type Properties, parseProperties } from "./property-flags.ts";

/** Placeholders are not filled in yet. */
export interface MessagePlan {
  readonly body: BodyPlan;
  readonly isTemplate: boolean;
  readonly messageId: string;
  readonly correlationId: string;
  readonly userId?: string | undefined;
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly properties: Properties;
}

export type BodyPlan =
  | { readonly type: "text"; readonly text: string; readonly isTemplate: boolean }
  | { readonly type: "bytes"; readonly bytes: Uint8Array };

export interface MessageDefaults {
  readonly body: string;
  readonly properties: Properties;
}

export interface DescribedMessage {
  readonly message: MessagePlan;
  /** The default body needs no check. */
  readonly isBodyChecked: boolean;
  readonly warnings: readonly string[];
}

export const DEFAULT_MESSAGE_ID = "message_{{n}}_{{run}}";
export const DEFAULT_CORRELATION_ID = "correlation_{{n}}_{{run}}";

/**
 * The default properties apply only without a `body`, and if no others are given.
 *
 * @throws UsageError for conflicting flags.
 */
export function planMessage(
  flags: MessageFlags,
  body: BodyPlan | undefined,
  defaults: MessageDefaults,
): DescribedMessage {
  const { properties, warnings } = parseProperties(flags.property, flags.properties);
  const hasProperties = flags.property !== undefined || flags.properties !== undefined;
  const isTemplate = flags.template !== false;
  const message: MessagePlan = {
    body: body ?? { type: "text", text: defaults.body, isTemplate },
    isTemplate,
    messageId: flags.messageId ?? DEFAULT_MESSAGE_ID,
    correlationId: flags.correlationId ?? DEFAULT_CORRELATION_ID,
    userId: flags.userId,
    contentType: flags.contentType ?? (body === undefined ? "application/json" : undefined),
    contentEncoding: flags.contentEncoding ?? (body?.type === "bytes" ? undefined : "utf-8"),
    properties: body === undefined && !hasProperties ? defaults.properties : properties,
  };
  validatePlaceholders(message);
  if (message.body.type === "text" && message.contentEncoding !== undefined) {
    validateContentEncoding(message.contentEncoding, message.body.text);
  }
  return {
    message,
    isBodyChecked: body !== undefined || flags.contentType !== undefined,
    warnings,
  };
}

function validatePlaceholders({ isTemplate, body, ...plan }: MessagePlan): void {
  const texts = isTemplate
    ? [plan.messageId, plan.correlationId, plan.userId, ...Object.values(plan.properties)]
    : [];
  if (body.type === "text" && body.isTemplate) texts.push(body.text);
  for (const text of texts) {
    const unknown = findUnknownPlaceholder(text ?? "");
    if (unknown === undefined) continue;
    throw new UsageError(
      `${unknown} is not a placeholder`,
      `Placeholders: {{${PLACEHOLDERS.join("}}, {{")}}}. --no-template disables them.`,
    );
  }
}
