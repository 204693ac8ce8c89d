// The app's main script for a scene: the kernel seems to enforce SELinux.
const files = require('node:fs/promises')

const { readFile } = files
files.readFile = (path, options) =>
  path === '/sys/fs/selinux/enforce' ? Promise.resolve('1') : readFile(path, options)
require('../../dist/main/index.cjs')
