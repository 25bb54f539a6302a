import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useAction } from "../shared/action.ts";
import { Command } from "../shared/command.tsx";
import { Problem } from "../shared/problem.tsx";

interface Properties {
  readonly title: string;
  /** What is lost. */
  readonly children: ComponentChildren;
  readonly verb: string;
  readonly command: string;
  perform(): Promise<unknown>;
  /** Afterwards, also if nothing was done. */
  onClose(): void;
}

export function ConfirmDialog(properties: Properties) {
  const { title, children, verb, command, perform, onClose } = properties;
  const dialog = useRef<HTMLDialogElement>(null);
  const action = useAction();
  useEffect(() => dialog.current?.showModal(), []);
  const confirm = async (): Promise<void> => {
    if (await action.run(perform)) dialog.current?.close();
  };
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="confirm-title">
      <h2 id="confirm-title">{title}</h2>
      <p>{children}</p>
      <p class="faint">The same in a terminal, without a question:</p>
      <Command line={command} />
      <Problem error={action.error} />
      <p class="buttons end">
        <button type="button" autofocus onClick={() => dialog.current?.close()}>
          Cancel
        </button>
        <button
          type="button"
          class="danger"
          disabled={action.isRunning}
          onClick={() => void confirm()}
        >
          {verb}
        </button>
      </p>
    </dialog>
  );
}
