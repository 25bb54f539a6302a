import type { MessageView, StepView } from "../../hub/page/page-types.ts";
import { formatSpan } from "../shared/format.ts";
import { Icon } from "../shared/icons.tsx";
import { Time } from "../shared/time.tsx";
import { visibleLine } from "../shared/visible-text.ts";

interface Properties {
  readonly message: MessageView;
  readonly nowMs: number;
}

/** What happened to a message, and what comes next. */
export function Timeline({ message: { steps, next }, nowMs }: Properties) {
  return (
    <section class="section">
      <header class="section-head">
        <h3>History</h3>
      </header>
      <ol class="timeline">
        {steps.map((step, index) => (
          <Step key={index} step={step} before={steps[index - 1]} nowMs={nowMs} />
        ))}
        {next && (
          <li class="step next">
            <span class="step-icon">
              <Icon name="clock" />
            </span>
            <p class="step-label">{visibleLine(next.label)}</p>
            <p class="step-time">
              {next.timeMs > nowMs && <span>in {formatSpan(next.timeMs - nowMs)}</span>}
            </p>
          </li>
        )}
      </ol>
    </section>
  );
}

interface StepProperties {
  readonly step: StepView;
  readonly before: StepView | undefined;
  readonly nowMs: number;
}

function Step({ step, before, nowMs }: StepProperties) {
  return (
    <li class={`step ${step.kind}`}>
      <span class="step-icon">
        <Icon name={step.kind} />
      </span>
      <p class="step-label">
        {visibleLine(step.label)}
        {step.detail && <span class="step-detail">{visibleLine(step.detail)}</span>}
      </p>
      <p class="step-time">
        <Time timeMs={step.timeMs} nowMs={nowMs} />
        {before && step.timeMs > before.timeMs && (
          <span class="faint">+{formatSpan(step.timeMs - before.timeMs)}</span>
        )}
      </p>
    </li>
  );
}
