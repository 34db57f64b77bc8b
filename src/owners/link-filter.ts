/** Which links are meant. Every field that is there narrows the choice. */
export interface LinkFilter {
  readonly ids?: readonly string[] | undefined
  /** Any of these; `undefined` = in every domain. */
  readonly domains?: readonly string[] | undefined
  readonly code?: string | undefined
  /** All of these. */
  readonly tags?: readonly string[] | undefined
  /** Part of the code, the destination or the title, in upper or lower case. */
  readonly q?: string | undefined
  readonly enabled?: boolean | undefined
  readonly expired?: boolean | undefined
}
