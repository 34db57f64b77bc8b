import { openInspector } from './inspector.ts'

export interface HeapMeter {
  /** The most that was in use at any time, garbage included, in bytes. */
  readonly peak: () => number
  /** The least since it was last asked: close to what is really held if a full collection has run meanwhile. */
  floor(): number
  close(): void
}

interface HeapUsage {
  readonly usedSize: number
  /** What native objects (`Response`, `Headers`) and buffers hold outside V8's own heap. */
  readonly embedderHeapUsedSize?: number
  readonly backingStorageSize?: number
}

const SAMPLE_EVERY_MS = 50

/** Samples an isolate's memory through its inspector. @param address `ws://` and so on. */
export async function meterHeap(address: string): Promise<HeapMeter> {
  const inspector = await openInspector(address)
  let peak = 0
  let floor = Number.POSITIVE_INFINITY
  const sample = async (): Promise<void> => {
    const usage = await inspector.send<HeapUsage>('Runtime.getHeapUsage')
    const bytes = usage.usedSize + (usage.embedderHeapUsedSize ?? 0) + (usage.backingStorageSize ?? 0)
    peak = Math.max(peak, bytes)
    floor = Math.min(floor, bytes)
  }
  await sample()
  const timer = setInterval(() => void sample().catch(() => {}), SAMPLE_EVERY_MS)
  return {
    peak: () => peak,
    floor() {
      const least = floor
      floor = Number.POSITIVE_INFINITY
      return least
    },
    close() {
      clearInterval(timer)
      inspector.close()
    },
  }
}
