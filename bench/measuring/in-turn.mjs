/**
 * Measures each contender once a round, A B A B, so that all of them see the same machine. The
 * warm-up rounds are not counted.
 *
 * @param {{ rounds: number, warmUps?: number }} options
 * @param {Record<string, () => number | Promise<number>>} contenders
 * @returns {Promise<Record<string, number[]>>} the samples of each, in the order of the rounds
 */
export async function measureInTurn({ rounds, warmUps = 1 }, contenders) {
  const names = Object.keys(contenders);
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -warmUps; round < rounds; round++) {
    for (const name of names) {
      const sample = await contenders[name]();
      if (round >= 0) samples[name].push(sample);
    }
  }
  return samples;
}
