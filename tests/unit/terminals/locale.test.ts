import { expect, test } from 'vitest'
import { shellLocale } from '../../../model/terminals/locale.ts'

test.each([
  [[], true],
  [['PATH=/bin', 'LANGUAGE=zh', 'LC_TIME=de_DE.UTF-8', 'MYLANG=C'], true],
  [['LANG='], true],
  [['LANG=zh_CN.GB18030'], false],
  [['LANG=C'], false],
  [['LC_ALL=POSIX'], false],
  [['LANG=', 'LC_CTYPE=en_US.UTF-8'], false],
])('a shell in a container with the variables %j gets a UTF-8 locale: %s', (environment, added) => {
  expect(shellLocale(environment)).toEqual(added ? ['LANG=C.UTF-8'] : [])
})
