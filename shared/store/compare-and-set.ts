import { Conflict } from "./database.ts";

/** Runs a batch that fails when somebody else was first: true when it was written, false when nothing of it was. */
export async function unlessLost(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof Conflict) return false;
    throw error;
  }
}
