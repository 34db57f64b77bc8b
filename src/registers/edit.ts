import type { Lease, Register } from '../cache/register.ts'
import type { DomainKey, VersionedSettings } from '../links/domain-settings.ts'
import type { Link, LinkKey } from '../links/link.ts'
import type { Codec } from './codec.ts'
import { linkCodec } from './link-codec.ts'
import { settingsCodec } from './settings-codec.ts'

/** A key as a write has left it; `null` = nothing is there any more. */
export type Edit = LinkEdit | SettingsEdit
type LinkEdit = LinkKey & Written & { readonly link: Link | null }
type SettingsEdit = DomainKey & Written & { readonly settings: VersionedSettings | null }

interface Written {
  readonly version: number
  /** Taken before the edit was made, and still held: it may be written where Redis has nothing. */
  readonly lease?: Lease | null
  /**
   * Whether it created a link of whose key Postgres knows no edit before it in the last `SETTLED_FOR_MS`: then isolates can
   * remember nothing of it but that there was no link.
   */
  readonly isFirst?: boolean
}

/** Calls `use` with what an edit makes of its register, and with the codec of that kind. */
export function withRegister<Result>(
  edit: Edit,
  use: <Value>(register: Register<Value>, codec: Codec<Value>) => Result,
): Result {
  const { version } = edit
  if ('code' in edit) return use({ version, value: edit.link }, linkCodec)
  return use({ version, value: edit.settings }, settingsCodec)
}
