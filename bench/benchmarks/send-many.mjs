import { deviceIds } from "../clients/connect-all.mjs";
import { figure, ratioAtLeast } from "../measuring/figures.mjs";
import { measureInTurn } from "../measuring/in-turn.mjs";
import { createSendRates } from "../measuring/send-rates.mjs";
import { IN_MEMORY, startHub, withDevices } from "../servers/hub.mjs";

export const description =
  "Messages a second that `c2d-send` has had accepted, 50 to each of 400 devices, with its output in a file; the opponents send the same, pipelined on one link. Each figure is of the whole process, from its start to its exit.";

const PER_DEVICE = 50;

export async function measure({ size }) {
  const ids = deviceIds(size(400, 8));
  const count = ids.length * PER_DEVICE;
  const rates = createSendRates(await startHub([...IN_MEMORY, ...withDevices(ids)]), { ids });
  const { text, json, sdk, rhea } = await measureInTurn(
    { rounds: size(7, 1), warmUps: size(1, 0) },
    {
      text: () => rates.command(count),
      sdk: () => rates.sdk(count),
      async json() {
        const rate = await rates.command(count, ["-o", "json"]);
        const lines = rates.output().match(/^\{"type":"sent"/gm)?.length ?? 0;
        if (lines !== count) throw new Error(`${lines} of ${count} messages were reported`);
        return rate;
      },
      rhea: () => rates.rhea(count),
    },
  );
  const against = { what: "azure-iothub", samples: sdk };
  return [
    figure("`c2d-send`", "/s", text, { against, targets: [ratioAtLeast(0.9)] }),
    figure("`c2d-send -o json`", "/s", json, { against, targets: [ratioAtLeast(0.85)] }),
    figure("`c2d-send`", "/s", text, { against: { what: "rhea alone", samples: rhea } }),
  ];
}
