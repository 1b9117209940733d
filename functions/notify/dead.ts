// What is written to messages that are given up for a reason that others look for.

/** To a firing whose alerts their resolves took over: by it, a later attempt at a resolve knows that it tells both. */
export const SUPERSEDED = "Resolved before it got through: the resolve tells both";
/** To the end, or the acknowledgement, of something that the channel never heard of. */
export const UNTOLD = "Its firing never got through";
