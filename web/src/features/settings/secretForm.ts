/** A secret as it is written. */

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;
/** The gate could not tell a shorter one from ordinary text. */
const SHORTEST = 8;
const LONGEST = 65_536;

export interface SecretProblems {
  readonly name?: string;
  readonly value?: string;
}

/** What must change before a secret can be stored. */
export function secretProblems(name: string, value: string): SecretProblems {
  const size = new TextEncoder().encode(value).length;
  return {
    ...(NAME.test(name)
      ? {}
      : { name: "A letter or _, then letters, digits, _, - and dots; at most 64." }),
    ...(size < SHORTEST
      ? { value: `At least ${SHORTEST} characters: a shorter one can't be told from text.` }
      : size > LONGEST
        ? { value: "At most 64 KiB." }
        : {}),
  };
}
