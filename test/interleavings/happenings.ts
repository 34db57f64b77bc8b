/**
 * @module
 * What owners and visitors do, and what may befall isolates and stores: the parts of a random schedule.
 */
import fc from 'fast-check'

export type Deed = 'find' | 'update' | 'create' | 'delete' | 'import' | 'update many' | 'commit' | 'drain'
export type Mishap =
  | 'Redis forgets'
  | 'Redis is remembered'
  | 'Redis goes back'
  | 'log trimmed'
  | 'log tells of too much'
  | 'Redis down'
  | 'Redis mute'
  | 'Redis up'
  | 'Postgres down'
  | 'Postgres up'
  | 'isolate dies'
  | 'clock is put on'
  | 'clock is put back'
/** A number is milliseconds that pass. */
export type Event = number | Mishap
export interface Task {
  readonly does: Deed
  readonly slot: number
}

/** What actors do, one list each; what stands twice is done twice as often. */
export const tasks = (...deeds: Deed[]): fc.Arbitrary<Task[][]> =>
  fc.array(
    fc.array(fc.record({ does: fc.constantFrom(...deeds), slot: fc.nat({ max: 1 }) }), { maxLength: 6 }),
    {
      minLength: 2,
      maxLength: 4,
    },
  )

/** Something befalls them once others have had this many steps. */
export interface Turn {
  readonly steps: number
  readonly event: Event
}

export const turns = (waits: number[], mishaps: Mishap[]): fc.Arbitrary<Turn[]> =>
  fc.array(
    fc.record({
      steps: fc.nat({ max: 8 }),
      event: fc.oneof(fc.constantFrom(...waits), fc.constantFrom(...mishaps)),
    }),
    { maxLength: 10 },
  )

/** These, in this order. */
export const inTurn = (events: Event[]): fc.Arbitrary<Turn[]> =>
  fc.tuple(...events.map((event) => fc.record({ steps: fc.nat({ max: 8 }), event: fc.constant(event) })))
