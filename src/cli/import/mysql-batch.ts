const CHARACTERS: Readonly<Record<string, string>> = { n: '\n', t: '\t', '0': '\0', '\\': '\\' }

/** A value as it was in the table: `mysql --batch` writes line breaks, tabs, NUL and backslashes with a backslash. */
export function decodeBatchCell(cell: string): string {
  if (!cell.includes('\\')) return cell
  return cell.replaceAll(/\\([nt0\\])/g, (_, letter: string) => CHARACTERS[letter] ?? letter)
}
