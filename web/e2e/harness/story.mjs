/** A small runner: stories of steps, one after the other, with a count at the end. */

const stories = [];

/** Tells a story. Its steps share what `tell` sets up and stop at the first that fails. */
export function story(name, tell) {
  stories.push({ name, tell });
}

/** Runs the stories whose names have `wanted` in them; true when every step passed. */
export async function runStories(wanted) {
  const tally = { passed: 0, failed: 0 };
  for (const { name, tell } of stories.filter((each) => each.name.includes(wanted))) {
    console.log(`\n${name}`);
    await runStory(name, tell, tally);
  }
  console.log(`\n${tally.passed} passed, ${tally.failed} failed`);
  return tally.failed === 0 && tally.passed > 0;
}

/** What a step throws after it has been counted, to leave the story. */
class Counted extends Error {}

async function runStory(name, tell, tally) {
  const endings = [];
  const told = {
    /** Heads the names of the story's pictures. */
    slug: name,
    step: async (name, act) => {
      const began = performance.now();
      try {
        await act();
        tally.passed += 1;
        console.log(`  ok    ${name} (${Math.round(performance.now() - began)} ms)`);
      } catch (error) {
        tally.failed += 1;
        console.log(`  FAIL  ${name}`);
        console.log(indented(error));
        await told.onFailure(name).catch(() => undefined);
        throw new Counted();
      }
    },
    /** Does `end` when the story is over, however it ends. */
    after: (end) => void endings.push(end),
    /** What to keep of a failure; the story sets it. */
    onFailure: async () => undefined,
  };
  try {
    await tell(told);
  } catch (error) {
    if (!(error instanceof Counted)) {
      tally.failed += 1;
      console.log(`  FAIL  outside any step\n${indented(error)}`);
    }
  }
  for (const end of endings.reverse()) await end().catch((error) => console.log(indented(error)));
}

function indented(error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text
    .split("\n")
    .map((line) => `        ${line}`)
    .join("\n");
}
