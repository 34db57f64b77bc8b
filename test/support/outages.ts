import type { Fault } from './faults.ts'

/** The ways in which a store can be down, each with a name for a test. */
export const WAYS_TO_BE_DOWN: readonly (readonly [string, Fault])[] = [
  ['refuses', { kind: 'refuse' }],
  ['hangs', { kind: 'hang' }],
  ['answers 500', { kind: 'status', status: 500 }],
  ['sends half an answer', { kind: 'half-answer' }],
]
