import { openInspector } from './inspector.ts'

export interface HeapMeter {
  /** The most that was in use at any time, garbage included, in bytes. */
  readonly peak: () => number
  /** The least of the newest samples: close to what is really held, since a collection has just run. */
  readonly floor: () => number
  close(): void
}

interface HeapUsage {
  readonly usedSize: number
  /** What native objects (`Response`, `Headers`) and buffers hold outside V8's own heap. */
  readonly embedderHeapUsedSize?: number
  readonly backingStorageSize?: number
}

const SAMPLE_EVERY_MS = 50
const NEWEST_SAMPLES = 60

/** Samples an isolate's memory through its inspector. @param address `ws://` and so on. */
export async function meterHeap(address: string): Promise<HeapMeter> {
  const inspector = await openInspector(address)
  const samples: number[] = []
  let peak = 0
  const sample = async (): Promise<void> => {
    const usage = await inspector.send<HeapUsage>('Runtime.getHeapUsage')
    const bytes = usage.usedSize + (usage.embedderHeapUsedSize ?? 0) + (usage.backingStorageSize ?? 0)
    samples.push(bytes)
    if (samples.length > NEWEST_SAMPLES) samples.shift()
    peak = Math.max(peak, bytes)
  }
  await sample()
  const timer = setInterval(() => void sample().catch(() => {}), SAMPLE_EVERY_MS)
  return {
    peak: () => peak,
    floor: () => Math.min(...samples),
    close() {
      clearInterval(timer)
      inspector.close()
    },
  }
}
