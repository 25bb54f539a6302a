import { CopyButton } from "../shared/copy-button.tsx";
import { visibleLine } from "../shared/visible-text.ts";

interface Properties {
  readonly title: string;
  readonly values: Readonly<Record<string, string>>;
}

export function PropertyTable({ title, values }: Properties) {
  const entries = Object.entries(values);
  return (
    <section class="section">
      <header class="section-head">
        <h3>
          {title} {entries.length === 0 && <span class="faint">none</span>}
        </h3>
        {entries.length > 0 && (
          <CopyButton
            text={JSON.stringify(values, null, 2)}
            label={`Copy ${title.toLowerCase()}`}
          />
        )}
      </header>
      {entries.length > 0 && (
        <table class="properties">
          <tbody>
            {entries.map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{visibleLine(name)}</th>
                <td>{visibleLine(value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
