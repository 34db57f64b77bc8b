import type { Command } from 'commander'
import type { Terminal } from '../terminal/terminal.ts'
import { addLinksCreate } from './links-create.ts'
import { addLinksDelete } from './links-delete.ts'
import { addLinksEdit } from './links-edit.ts'
import { addLinksList } from './links-list.ts'

/** `linkr links ...` */
export function addLinks(program: Command, terminal: Terminal): void {
  const links = program.command('links').description('List, create, show, edit and delete links')
  addLinksList(links, terminal)
  addLinksCreate(links, terminal)
  addLinksEdit(links, terminal)
  addLinksDelete(links, terminal)
}
