import { expect, test } from 'vitest'
import { withMirrors } from '../../../model/daemon-config/file.ts'
import { edit, readFault, mirrorA, readSettings, mirrorB } from './file-arbitraries.ts'

test('a file that is missing, empty or {} is written in the style of Docker’s documentation', () => {
  const created = `{\n  "registry-mirrors": [\n    "${mirrorA}",\n    "${mirrorB}"\n  ]\n}`
  expect(edit(undefined, [mirrorA, mirrorB])).toBe(`${created}\n`)
  expect(edit('', [mirrorA, mirrorB])).toBe(`${created}\n`)
  expect(edit(' \n\t\n', [mirrorA, mirrorB])).toBe(`${created}\n`)
  expect(edit('\r\n', [mirrorA, mirrorB])).toBe(`${created}\n`.replaceAll('\n', '\r\n'))
  expect(edit('{}', [mirrorA, mirrorB])).toBe(created)
  expect(edit(' { } \n', [mirrorA, mirrorB])).toBe(` ${created} \n`)
  expect(edit('{\r\n}\r\n', [mirrorA, mirrorB])).toBe(`${created}\n`.replaceAll('\n', '\r\n'))
  expect(edit(undefined, [])).toBe('{\n  "registry-mirrors": []\n}\n')
  expect(readSettings(undefined)).toMatchObject({ state: 'missing', hasMirrors: false, mirrors: [] })
  expect(readSettings(' \n')).toMatchObject({ state: 'empty', hasMirrors: false, mirrors: [] })
  expect(readSettings('{}')).toMatchObject({ state: 'written', hasMirrors: false, mirrors: [] })
})

test.each([
  ['two spaces', '{\n  "debug": true\n}\n', `{\n  "debug": true,\n  "registry-mirrors": [\n    "${mirrorA}"\n  ]\n}\n`],
  [
    'four spaces',
    '{\n    "debug": true\n}',
    `{\n    "debug": true,\n    "registry-mirrors": [\n        "${mirrorA}"\n    ]\n}`,
  ],
  [
    'tabs',
    '{\n\t"a": 1,\n\t"b": 2\n}\n',
    `{\n\t"a": 1,\n\t"b": 2,\n\t"registry-mirrors": [\n\t\t"${mirrorA}"\n\t]\n}\n`,
  ],
  ['CRLF', '{\r\n  "a":1\r\n}', `{\r\n  "a":1,\r\n  "registry-mirrors": [\r\n    "${mirrorA}"\r\n  ]\r\n}`],
  ['no indentation', '{\n"a": 1\n}', `{\n"a": 1,\n"registry-mirrors": [\n  "${mirrorA}"\n]\n}`],
  [
    'the whole object indented',
    '  {\n    "a": 1\n  }',
    `  {\n    "a": 1,\n    "registry-mirrors": [\n        "${mirrorA}"\n    ]\n  }`,
  ],
  ['minified', '{"a":{"b":[1,2]}}', `{"a":{"b":[1,2]}, "registry-mirrors": ["${mirrorA}"]}`],
  ['one line with spaces inside the braces', '{ "a": 1 }', `{ "a": 1, "registry-mirrors": ["${mirrorA}"] }`],
  ['one line', '{"a": 1, "b": 2}', `{"a": 1, "b": 2, "registry-mirrors": ["${mirrorA}"]}`],
  ['leading commas', '{ "a": 1\n, "b": 2\n}', `{ "a": 1\n, "b": 2,\n"registry-mirrors": [\n  "${mirrorA}"\n]\n}`],
  ['a list that was null', '{"registry-mirrors": null, "a": 1}', `{"registry-mirrors": ["${mirrorA}"], "a": 1}`],
])('a new list follows the formatting of the file: %s', (_, before, after) => {
  expect(edit(before, [mirrorA])).toBe(after)
  expect(JSON.parse(after)).toEqual({ ...JSON.parse(before), 'registry-mirrors': [mirrorA] })
})

test.each([
  ['first', `{"registry-mirrors":["x"],"a":1}`, `{"registry-mirrors":["${mirrorA}","${mirrorB}"],"a":1}`],
  [
    'in the middle',
    `{"a":1, "registry-mirrors": ["x"], "b":1}`,
    `{"a":1, "registry-mirrors": ["${mirrorA}","${mirrorB}"], "b":1}`,
  ],
  [
    'last',
    `{\n\t"a": [],\n\t"registry-mirrors": [\n\t\t"x"\n\t]\n}`,
    `{\n\t"a": [],\n\t"registry-mirrors": [\n\t\t"${mirrorA}",\n\t\t"${mirrorB}"\n\t]\n}`,
  ],
  [
    'a list on one line in a file with one setting per line',
    `{\n  "registry-mirrors": [ "x" , "y" ]\n}`,
    `{\n  "registry-mirrors": [\n    "${mirrorA}",\n    "${mirrorB}"\n  ]\n}`,
  ],
  ['empty with spaces', `{"a":1,"registry-mirrors":[  ]}`, `{"a":1,"registry-mirrors":["${mirrorA}","${mirrorB}"]}`],
  [
    'empty in a file with line breaks',
    `{\n  "registry-mirrors": []\n}`,
    `{\n  "registry-mirrors": [\n    "${mirrorA}",\n    "${mirrorB}"\n  ]\n}`,
  ],
  [
    'with an escaped name',
    `{"registry\\u002dmirrors":["x"]}`,
    `{"registry\\u002dmirrors":["${mirrorA}","${mirrorB}"]}`,
  ],
  [
    'with escapes and brackets in its strings',
    `{"registry-mirrors":["\\"],[\\\\" ,\n"\\u005d"]}`,
    `{"registry-mirrors":["${mirrorA}","${mirrorB}"]}`,
  ],
  [
    'beside nested keys of the same name',
    `{"a":{"registry-mirrors":["in"]},"registry-mirrors":["x"],"b":[{"registry-mirrors":1}]}`,
    `{"a":{"registry-mirrors":["in"]},"registry-mirrors":["${mirrorA}","${mirrorB}"],"b":[{"registry-mirrors":1}]}`,
  ],
  [
    'among other scripts',
    `{"标签":"镜像 🐳 \\ud83d","registry-mirrors":["x"],"é":"}"}`,
    `{"标签":"镜像 🐳 \\ud83d","registry-mirrors":["${mirrorA}","${mirrorB}"],"é":"}"}`,
  ],
])('only the items of an existing list change: %s', (_, before, after) => {
  expect(edit(before, [mirrorA, mirrorB])).toBe(after)
})

test('with no mirrors the key has an empty list', () => {
  expect(edit(`{\n  "registry-mirrors": [\n    "${mirrorA}"\n  ],\n  "a": 1\n}`, [])).toBe(
    '{\n  "registry-mirrors": [],\n  "a": 1\n}',
  )
  expect(edit('{"a":1}', [])).toBe('{"a":1, "registry-mirrors": []}')
  expect(edit('{"registry-mirrors":null}', [])).toBe('{"registry-mirrors":[]}')
  expect(edit('{"registry-mirrors":[ ]}', [])).toBe('{"registry-mirrors":[ ]}')
})

test('setting the same mirrors changes no byte, with or without a trailing slash', () => {
  const text = `{"registry-mirrors" : [\n"https:\\/\\/docker.1ms.run/" ,"${mirrorB}", "${mirrorB}/"]}`
  expect(edit(text, [mirrorA, mirrorB])).toBe(text)
  expect(edit(text, [`${mirrorA}/`, mirrorB, mirrorA])).toBe(text)
  expect(edit(text, [mirrorB, mirrorA])).not.toBe(text)
})

test('keys that Docker reads twice and follows the last of stay as they are while mirrors change', () => {
  const text = '{"log-opts":{"max-size":"10m","max-size":"20m"},"debug":true,"debug":false}'
  expect(edit(text, [mirrorA])).toBe(text.replace(/}$/, `, "registry-mirrors": ["${mirrorA}"]}`))
})

test('a fourth mirror is refused, and a duplicate counts once', () => {
  const threeMirrors = ['https://a.example', 'https://b.example', 'https://c.example']
  expect(withMirrors('{}', [...threeMirrors, 'https://d.example'])).toEqual({ ok: false, fault: { code: 'too-many' } })
  expect(withMirrors('{}', [...threeMirrors, 'https://a.example/'])).toMatchObject({ ok: true })
})

test('mirrors and insecure registries are read from the file', () => {
  expect(readSettings(`{"registry-mirrors":["${mirrorA}/"],"insecure-registries":["10.0.0.0/8"]}`)).toEqual({
    state: 'written',
    hasMirrors: true,
    mirrors: [`${mirrorA}/`],
    insecureRegistries: ['10.0.0.0/8'],
  })
  expect(readSettings('{"registry-mirrors":null}')).toMatchObject({ hasMirrors: false, mirrors: [] })
  expect(readSettings('{"registry-mirrors":[]}')).toMatchObject({ hasMirrors: true, mirrors: [] })
})

test.each([
  ['a trailing comma', '{\n  "a": [\n    1,\n  ]\n}', ['trailing-comma', '3:6', '    1,']],
  ['a trailing comma of the object', '{\r\n  "a": 1,\r\n}', ['trailing-comma', '2:9', '  "a": 1,']],
  ['a missing comma', '{\n  "a": 1\n  "b": 2\n}', ['missing-comma', '2:9', '  "a": 1']],
  ['a comment', '{\n  // ours\n  "a": 1\n}', ['comment', '2:3', '  // ours']],
  ['a shell comment', '{"a": 1 # ours\n}', ['comment', '1:9', '{"a": 1 # ours']],
  ['Chinese quotes', '{\n"a": “https://x”\n}', ['punctuation', '2:6', '"a": “https://x”']],
  ['a Chinese comma', '{"键": 1，"b": 2}', ['punctuation', '1:8', '{"键": 1，"b": 2}']],
  ['single quotes', "{'a': 1}", ['punctuation', '1:2', "{'a': 1}"]],
  ['a quote that is not closed', '{\n"a": "x\n}', ['unclosed', '2:6', '"a": "x']],
  ['a bracket that is not closed', '{\n"a": [1\n}', ['unclosed', '2:6', '"a": [1']],
  ['a brace that is not closed', '{\n"a": {"b": 1}\n', ['unclosed', '1:1', '{']],
  ['two objects', '{"a": 1}\n{"b": 2}', ['after-end', '2:1', '{"b": 2}']],
  ['one brace too many', '{"a": 1}\r}', ['extra-bracket', '2:1', '}']],
  ['one bracket too many', '{"a": ["x"]]}', ['extra-bracket', '1:12', '{"a": ["x"]]}']],
  ['a bracket that was never opened', '{"a": "x"]}', ['extra-bracket', '1:10', '{"a": "x"]}']],
  ['a missing colon', '{"a" "x"}', ['missing-colon', '1:5', '{"a" "x"}']],
  ['a web page', '\n<!DOCTYPE html>\n<p>', ['web-page', '2:1', '<!DOCTYPE html>']],
  [
    'a duplicate of registry-mirrors, once escaped',
    '{"registry-mirrors": [], "registry\\u002dmirrors": []}',
    ['duplicate-key', '1:26', expect.anything(), 'registry-mirrors'],
  ],
  [
    'registry-mirrors with capitals',
    '{"a": 1,\n"Registry-Mirrors": []}',
    ['key-case', '2:1', '"Registry-Mirrors": []}', 'Registry-Mirrors'],
  ],
  ['a list instead of an object', '[1]', ['not-object', '1:1', '[1]']],
  ['a string instead of an object', '\n "x"', ['not-object', '2:2', ' "x"']],
  ['plain text', 'registry-mirrors = x', ['syntax', '1:1', 'registry-mirrors = x']],
  ['a key without quotes', '{\n  debug: true }', ['unquoted', '2:3', '  debug: true }']],
  ['a bad escape', '{"a": "C:\\x"}', ['escape', '1:10', '{"a": "C:\\x"}']],
  ['a tab in a string', '{"a": "\t"}', ['space', '1:8', '{"a": "\t"}']],
  ['an invalid number', '{"🐳": 01}', ['syntax', '1:7', '{"🐳": 01}']],
  ['a no-break space', '{"a":\u00a01}', ['space', '1:6', '{"a":\u00a01}']],
  [
    'a mirror that is not in a list',
    `{\n"registry-mirrors": "${mirrorA}"\n}`,
    ['wrong-type', '2:21', `"registry-mirrors": "${mirrorA}"`, 'registry-mirrors'],
  ],
  [
    'a mirror that is a number',
    '{"registry-mirrors": ["x", 1]}',
    ['wrong-type', '1:22', '{"registry-mirrors": ["x", 1]}', 'registry-mirrors'],
  ],
  [
    'insecure registries as an object',
    '{"insecure-registries": {}}',
    ['wrong-type', '1:25', '{"insecure-registries": {}}', 'insecure-registries'],
  ],
  ['a byte order mark', '\ufeff{}', ['bom', '1:1', '\ufeff{}']],
  ['a byte order mark alone', '\ufeff', ['bom', '1:1', '\ufeff']],
  ['another encoding', '{\n"a": "\ufffd"}', ['encoding', '2:7', '"a": "\ufffd"}']],
  ['UTF-16', '{\u0000}\u0000', ['encoding', '1:2', '{\u0000}\u0000']],
  ['more than a megabyte', `{"a": "${'x'.repeat(1_000_000)}"}`, ['huge', undefined, undefined]],
])('a fault is reported with its code and line, and the file is not edited: %s', (_, text, expected) => {
  expect(readFault(text)).toEqual(expected)
})

test('texts of up to a megabyte are accepted, and a nesting that no real file has is refused', () => {
  const nested = (depth: number) => `{"a":${'['.repeat(depth)}"[{"${']'.repeat(depth)}}`
  expect(edit(nested(400), [mirrorA])).toBe(`${nested(400).slice(0, -1)}, "registry-mirrors": ["${mirrorA}"]}`)
  for (const depth of [600, 200_000]) expect(readFault(nested(depth))).toEqual(['huge', undefined, undefined])
  expect(readFault(`{"a":${'['.repeat(400_000)}`)).toEqual(['huge', undefined, undefined])
  const long = `{\n${Array.from({ length: 30_000 }, (_, index) => `  "key-${index}": "${'é'.repeat(9)}"`).join(',\n')}\n}`
  expect(edit(long, [mirrorA])).toBe(`${long.slice(0, -2)},\n  "registry-mirrors": [\n    "${mirrorA}"\n  ]\n}`)
})
