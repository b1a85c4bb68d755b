// What is said of a payload of the blast that gets no place in the pool: negative numbers, where a place
// would be a position.

/** It has no use. */
export const UNWANTED = -1
/** It is wanted, but the pool is full: what it holds waits for the CPU or the disk. */
export const NO_ROOM = -3
/** They do not share one fate: ask for each. */
export const SINGLY = -4
