/**
 * Installs the root helper and its polkit action. Tests use it in their world; a package build runs it on the directory
 * that it packs: `node tools/install-helper.ts ROOT`.
 */
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { catalogues } from '../resources/messages/index.ts'

const source = join(import.meta.dirname, '../resources/helper')
const folder = 'usr/lib/slipway'
const program = `${folder}/slipway-daemon-file`
const modules = 'slipway_daemon_file'
const action = 'usr/share/polkit-1/actions/io.slipway.daemon-file.policy'

/** Installs under a root folder. The caller must be root, so that root owns the files that it will run. */
export function installHelper(root: string): void {
  installFile(join(root, program), 0o755, (file) => copyFileSync(join(source, 'slipway-daemon-file'), file))
  for (const name of readdirSync(join(source, modules)).filter((name) => name.endsWith('.py')))
    installFile(join(root, folder, modules, name), 0o644, (file) => copyFileSync(join(source, modules, name), file))
  installFile(join(root, action), 0o644, (file) => writeFileSync(file, policy()))
}

function installFile(file: string, mode: number, write: (file: string) => void): void {
  installFolder(dirname(file))
  write(file)
  setOwner(file, mode)
}

/** Existing folders keep their mode and owner. */
function installFolder(folder: string): void {
  if (existsSync(folder)) return
  installFolder(dirname(folder))
  mkdirSync(folder)
  setOwner(folder, 0o755)
}

function setOwner(path: string, mode: number): void {
  chownSync(path, 0, 0)
  chmodSync(path, mode)
}

/**
 * The polkit prompt in each language. Each change asks for a password (`auth_admin`, not `auth_admin_keep`): the
 * helper handles one change per run, so the user is asked once, and no other program of the session can use a cached
 * authorization.
 */
export function policy(): string {
  const elements = (tag: string, key: 'polkit.description' | 'polkit.message') =>
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
    '  <action id="io.slipway.daemon-file">',
    ...elements('description', 'polkit.description'),
    ...elements('message', 'polkit.message'),
    '    <icon_name>slipway</icon_name>',
    '    <defaults>',
    ...defaults,
    '    </defaults>',
    `    <annotate key="org.freedesktop.policykit.exec.path">/${program}</annotate>`,
    '  </action>',
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
