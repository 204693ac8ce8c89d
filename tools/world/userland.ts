/** What is inside made images, so that containers of them really run: a static busybox, and stand-ins for services. */
import { readFileSync } from 'node:fs'
import type { Files } from './layers.ts'

const commands =
  'sh ash awk basename cat chmod chown clear cp cut date dd df dirname du echo env expr false find free grep head ' +
  'hostname id kill less ln ls md5sum mkdir more mount mv nc ping printf ps pwd rm rmdir sed seq sha256sum sleep sort ' +
  'stat tail tar tee test top touch tr true tty uname uniq uptime vi watch wc wget which whoami xargs yes'

/** A shell and the usual commands. */
export function userland(system: string): Files {
  return {
    'bin/busybox': readFileSync('/bin/busybox'),
    // busybox goes by its name, and does not know this one.
    'bin/bash': '#!/bin/sh\nexec /bin/busybox ash "$@"\n',
    ...Object.fromEntries(commands.split(' ').map((command) => [`bin/${command}`, { link: 'busybox' }])),
    'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
    'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
    'etc/os-release': `PRETTY_NAME="${system}"\nNAME="${system}"\n`,
  }
}

/** A program that says what a service says, and then waits until it is stopped. */
export const service = (...lines: string[]): string =>
  `#!/bin/sh\ntrap 'exit 0' TERM INT QUIT\n${lines.map(echo).join('')}while :; do sleep 3600 & wait $!; done\n`

/** A program that says something and ends. */
export const task = (code: number, ...lines: string[]): string => `#!/bin/sh\n${lines.map(echo).join('')}exit ${code}\n`

export const entrypoint = '#!/bin/sh\nset -e\nexec "$@"\n'

const echo = (line: string) => `echo '${line}'\n`

/** A program of a few hundred bytes that prints a text, with nothing else in its image (x86-64). */
export function printer(text: string): Uint8Array {
  const address = 0x400000
  const message = Buffer.from(text)
  const code = Buffer.from(
    'b801000000 bf01000000 be00000000 ba00000000 0f05'.replaceAll(' ', '') + // write(1, message, length)
      'b83c000000 31ff 0f05'.replaceAll(' ', ''), // exit(0)
    'hex',
  )
  const start = 64 + 56
  code.writeUInt32LE(address + start + code.length, 11)
  code.writeUInt32LE(message.length, 16)
  const size = BigInt(start + code.length + message.length)
  const head = Buffer.alloc(start)
  head.write('\x7fELF\x02\x01\x01', 'latin1')
  head.writeUInt16LE(2, 16) // an executable
  head.writeUInt16LE(62, 18) // for x86-64
  head.writeUInt32LE(1, 20)
  head.writeBigUInt64LE(BigInt(address + start), 24) // where it begins
  head.writeBigUInt64LE(64n, 32) // where the program headers are
  head.writeUInt16LE(64, 52)
  head.writeUInt16LE(56, 54)
  head.writeUInt16LE(1, 56)
  head.writeUInt32LE(1, 64) // load
  head.writeUInt32LE(5, 68) // read and execute
  head.writeBigUInt64LE(BigInt(address), 80)
  head.writeBigUInt64LE(BigInt(address), 88)
  head.writeBigUInt64LE(size, 96)
  head.writeBigUInt64LE(size, 104)
  head.writeBigUInt64LE(0x1000n, 112)
  return Buffer.concat([head, code, message])
}
