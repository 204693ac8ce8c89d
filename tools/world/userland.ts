/** Files for generated images, so that their containers run: a static busybox, and scripts that imitate services. */
import { readFileSync } from 'node:fs'
import type { Files } from './layers.ts'

const commands =
  'sh ash awk basename cat chmod chown clear cp cut date dd df dirname du echo env expr false find free grep head ' +
  'hostname id kill less ln ls md5sum mkdir more mount mv nc ping printf ps pwd rm rmdir sed seq sha256sum sleep sort ' +
  'stat tail tar tee test top touch tr true tty uname uniq uptime vi watch wc wget which whoami xargs yes'

/** A shell and common commands. `system` is the name in /etc/os-release. */
export function userland(system: string): Files {
  return {
    'bin/busybox': readFileSync('/bin/busybox'),
    // Not a symbolic link: busybox selects its command by the link's name, and has none called bash.
    'bin/bash': '#!/bin/sh\nexec /bin/busybox ash "$@"\n',
    ...Object.fromEntries(commands.split(' ').map((command) => [`bin/${command}`, { link: 'busybox' }])),
    'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
    'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
    'etc/os-release': `PRETTY_NAME="${system}"\nNAME="${system}"\n`,
  }
}

/** A script that prints the lines a service would log, and then runs until it is stopped. */
export const service = (...lines: string[]): string =>
  `#!/bin/sh\ntrap 'exit 0' TERM INT QUIT\n${lines.map(echo).join('')}while :; do sleep 3600 & wait $!; done\n`

/** A script that prints lines and exits with a code. */
export const task = (exitCode: number, ...lines: string[]): string =>
  `#!/bin/sh\n${lines.map(echo).join('')}exit ${exitCode}\n`

/** An entrypoint script that runs its arguments. */
export const entrypoint = '#!/bin/sh\nset -e\nexec "$@"\n'

const echo = (line: string) => `echo '${line}'\n`

/** A static x86-64 program that prints a text. It needs no other file in its image. */
export function printProgram(text: string): Uint8Array {
  const address = 0x400000 // where the file is loaded
  const message = Buffer.from(text)
  const code = Buffer.from(
    'b801000000 bf01000000 be00000000 ba00000000 0f05'.replaceAll(' ', '') + // write(1, message, length)
      'b83c000000 31ff 0f05'.replaceAll(' ', ''), // exit(0)
    'hex',
  )
  const headerSize = 64 + 56 // the ELF header and one program header
  // Fill in the arguments of write: the message's address and length.
  code.writeUInt32LE(address + headerSize + code.length, 11)
  code.writeUInt32LE(message.length, 16)
  const size = BigInt(headerSize + code.length + message.length)
  const header = Buffer.alloc(headerSize)
  header.write('\x7fELF\x02\x01\x01', 'latin1')
  header.writeUInt16LE(2, 16) // type: executable
  header.writeUInt16LE(62, 18) // machine: x86-64
  header.writeUInt32LE(1, 20) // ELF version
  header.writeBigUInt64LE(BigInt(address + headerSize), 24) // entry point
  header.writeBigUInt64LE(64n, 32) // offset of the program header
  header.writeUInt16LE(64, 52) // size of the ELF header
  header.writeUInt16LE(56, 54) // size of a program header
  header.writeUInt16LE(1, 56) // number of program headers
  header.writeUInt32LE(1, 64) // segment type: load
  header.writeUInt32LE(5, 68) // flags: read and execute
  header.writeBigUInt64LE(BigInt(address), 80) // virtual address
  header.writeBigUInt64LE(BigInt(address), 88) // physical address
  header.writeBigUInt64LE(size, 96) // size in the file
  header.writeBigUInt64LE(size, 104) // size in memory
  header.writeBigUInt64LE(0x1000n, 112) // alignment
  return Buffer.concat([header, code, message])
}
