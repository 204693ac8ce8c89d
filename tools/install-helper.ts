/**
 * Installs the root helper and its polkit actions. Tests install them in their world. A package build installs them in
 * the root folder of the package: `node tools/install-helper.ts ROOT`.
 */
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { catalogues } from '../resources/messages/index.ts'

const source = join(import.meta.dirname, '../resources/helper')
const folder = 'usr/lib/slipway'
interface Program {
  readonly name: string
  readonly action: string
  readonly description: MessageKey
  readonly message: MessageKey
}
type MessageKey = Extract<keyof typeof catalogues.en, `polkit.${string}`>

/**
 * Root's programs, each with a polkit action of its own, since polkit's prompt belongs to a program: one changes mirrors,
 * the other replaces the whole file.
 */
const programs: readonly Program[] = [
  {
    name: 'slipway-daemon-file',
    action: 'io.slipway.daemon-file',
    description: 'polkit.description',
    message: 'polkit.message',
  },
  {
    name: 'slipway-daemon-file-restore',
    action: 'io.slipway.daemon-file.restore',
    description: 'polkit.restore.description',
    message: 'polkit.restore.message',
  },
]
const modulesFolder = 'slipway_daemon_file'
const actionPath = 'usr/share/polkit-1/actions/io.slipway.daemon-file.policy'

/** Installs the files under a root folder. Run this as root: the files must belong to root, who will run them. */
export function installHelper(root: string): void {
  for (const { name } of programs)
    installFile(join(root, folder, name), 0o755, (file) => copyFileSync(join(source, name), file))
  for (const name of readdirSync(join(source, modulesFolder)).filter((name) => name.endsWith('.py')))
    installFile(join(root, folder, modulesFolder, name), 0o644, (file) =>
      copyFileSync(join(source, modulesFolder, name), file),
    )
  installFile(join(root, actionPath), 0o644, (file) => writeFileSync(file, policyXml()))
}

function installFile(file: string, mode: number, write: (file: string) => void): void {
  createFolder(dirname(file))
  write(file)
  setOwnerAndMode(file, mode)
}

/** Creates a folder and its parents. Existing folders keep their mode and owner. */
function createFolder(folder: string): void {
  if (existsSync(folder)) return
  createFolder(dirname(folder))
  mkdirSync(folder)
  setOwnerAndMode(folder, 0o755)
}

function setOwnerAndMode(path: string, mode: number): void {
  chownSync(path, 0, 0)
  chmodSync(path, mode)
}

/**
 * The file of the polkit actions, with their prompts in each language. Each change asks for a password (`auth_admin`, not
 * `auth_admin_keep`): one run of the helper handles a whole change, so `auth_admin_keep` would save no prompt within a
 * change, and would let other programs of the session use the cached authorization.
 */
export function policyXml(): string {
  const elements = (tag: string, key: MessageKey) =>
    Object.entries(catalogues).map(([language, texts]) => {
      const attribute = language === 'en' ? '' : ` xml:lang="${language.replace('-', '_')}"`
      return `    <${tag}${attribute}>${escapeXml(texts[key])}</${tag}>`
    })
  const defaults = ['any', 'inactive', 'active'].map(
    (session) => `      <allow_${session}>auth_admin</allow_${session}>`,
  )
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE policyconfig PUBLIC "-//freedesktop//DTD PolicyKit Policy Configuration 1.0//EN"',
    '  "http://www.freedesktop.org/standards/PolicyKit/1/policyconfig.dtd">',
    '<policyconfig>',
    '  <vendor>Slipway</vendor>',
    ...programs.flatMap(({ name, action, description, message }) => [
      `  <action id="${action}">`,
      ...elements('description', description),
      ...elements('message', message),
      '    <icon_name>slipway</icon_name>',
      '    <defaults>',
      ...defaults,
      '    </defaults>',
      `    <annotate key="org.freedesktop.policykit.exec.path">/${folder}/${name}</annotate>`,
      '  </action>',
    ]),
    '</policyconfig>',
    '',
  ].join('\n')
}

const escapeXml = (text: string) => text.replace(/[&<>"]/g, (character) => `&#${String(character.codePointAt(0))};`)

if (import.meta.main) {
  const [root] = process.argv.slice(2)
  if (root === undefined) throw new Error('usage: node tools/install-helper.ts ROOT')
  installHelper(root)
}
