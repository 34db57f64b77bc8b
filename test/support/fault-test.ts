import { test as linkr } from './linkr.ts'
import { recover } from './recover.ts'

/** A test that breaks something: after it all is well again, so that its outage is not the next one's. */
export const test = linkr.extend('recovery', { auto: true }, ({ stores, edges }, { onCleanup }) => {
  onCleanup(() => recover(stores, ...edges.running))
})
