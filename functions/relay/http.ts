import { http } from "../../shared/runtime/route.ts";
import { dropEventDeadLetter } from "./drop-event-dead-letter.ts";
import { listEventDeadLetters } from "./list-event-dead-letters.ts";
import { replayEventDeadLetter } from "./replay-event-dead-letter.ts";

export default http([listEventDeadLetters, replayEventDeadLetter, dropEventDeadLetter]);
