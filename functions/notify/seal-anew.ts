import { sealingContext } from "../../shared/ports/sealed.ts";
import type { SealedText } from "../../shared/ports/sealed.ts";
import type { Deps, SecretBox } from "../../shared/ports.ts";

const PAGE = 100;
/** What is left after so many pages is left to the next hour. */
const MOST_PAGES = 100;

/** Seals with the present key what an earlier one sealed, while both are there. What neither opens stays as it is, and is counted. */
export async function sealAnew({ store, secrets, print }: Deps): Promise<void> {
  if (secrets.rotatesTo === null) return;
  const { sealed } = store.platform;
  let [count, left] = [0, 0];
  let after: SealedText | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const texts: readonly SealedText[] = await sealed.without(secrets.rotatesTo, after, PAGE);
    for (const text of texts) {
      const again = sealedAgain(text, secrets);
      if (again === null) left += 1;
      // Where somebody was faster, what they wrote is sealed already, or found in an hour.
      else if (await sealed.replace(text, again)) count += 1;
    }
    if (texts.length < PAGE) break;
    after = texts.at(-1)!;
  }
  print(`Sealed anew with the present channel key: ${count}. Left with another one: ${left}.`);
}

function sealedAgain({ org, name, sealed }: SealedText, secrets: SecretBox): string | null {
  const context = sealingContext(org, name);
  try {
    return secrets.seal(secrets.open(sealed, context), context);
  } catch {
    return null;
  }
}
