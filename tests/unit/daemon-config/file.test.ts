import { expect, test } from 'vitest'
import { withMirrors } from '../../../model/daemon-config/file.ts'
import { edited, fault, one, settings, two } from './texts.ts'

test('a file that is missing, empty or {} is made in the form that Docker’s own documents have', () => {
  const whole = `{\n  "registry-mirrors": [\n    "${one}",\n    "${two}"\n  ]\n}`
  expect(edited(undefined, [one, two])).toBe(`${whole}\n`)
  expect(edited('', [one, two])).toBe(`${whole}\n`)
  expect(edited(' \n\t\n', [one, two])).toBe(`${whole}\n`)
  expect(edited('\r\n', [one, two])).toBe(`${whole}\n`.replaceAll('\n', '\r\n'))
  expect(edited('{}', [one, two])).toBe(whole)
  expect(edited(' { } \n', [one, two])).toBe(` ${whole} \n`)
  expect(edited('{\r\n}\r\n', [one, two])).toBe(`${whole}\n`.replaceAll('\n', '\r\n'))
  expect(edited(undefined, [])).toBe('{\n  "registry-mirrors": []\n}\n')
  expect(settings(undefined)).toMatchObject({ state: 'missing', hasMirrors: false, mirrors: [] })
  expect(settings(' \n')).toMatchObject({ state: 'empty', hasMirrors: false, mirrors: [] })
  expect(settings('{}')).toMatchObject({ state: 'written', hasMirrors: false, mirrors: [] })
})

test.each([
  ['two spaces', '{\n  "debug": true\n}\n', `{\n  "debug": true,\n  "registry-mirrors": [\n    "${one}"\n  ]\n}\n`],
  ['four', '{\n    "debug": true\n}', `{\n    "debug": true,\n    "registry-mirrors": [\n        "${one}"\n    ]\n}`],
  ['tabs', '{\n\t"a": 1,\n\t"b": 2\n}\n', `{\n\t"a": 1,\n\t"b": 2,\n\t"registry-mirrors": [\n\t\t"${one}"\n\t]\n}\n`],
  ['CRLF', '{\r\n  "a":1\r\n}', `{\r\n  "a":1,\r\n  "registry-mirrors":[\r\n    "${one}"\r\n  ]\r\n}`],
  ['no indentation', '{\n"a": 1\n}', `{\n"a": 1,\n"registry-mirrors": [\n"${one}"\n]\n}`],
  [
    'shifted as a whole',
    '  {\n    "a": 1\n  }',
    `  {\n    "a": 1,\n    "registry-mirrors": [\n      "${one}"\n    ]\n  }`,
  ],
  ['minified', '{"a":{"b":[1,2]}}', `{"a":{"b":[1,2]},"registry-mirrors":["${one}"]}`],
  ['one airy line', '{ "a": 1 }', `{ "a": 1, "registry-mirrors": ["${one}"] }`],
  ['one line', '{"a": 1, "b": 2}', `{"a": 1, "b": 2, "registry-mirrors": ["${one}"]}`],
  ['commas first', '{ "a": 1\n, "b": 2\n}', `{ "a": 1\n, "b": 2\n, "registry-mirrors": [\n"${one}"\n]\n}`],
  ['null', '{"registry-mirrors": null, "a": 1}', `{"registry-mirrors": ["${one}"], "a": 1}`],
])('a list that was not there is written in the file’s own hand: %s', (_, before, after) => {
  expect(edited(before, [one])).toBe(after)
  expect(JSON.parse(after)).toEqual({ ...JSON.parse(before), 'registry-mirrors': [one] })
})

test.each([
  ['first', `{"registry-mirrors":["x"],"a":1}`, `{"registry-mirrors":["${one}","${two}"],"a":1}`],
  [
    'in the middle',
    `{"a":1, "registry-mirrors": ["x"], "b":1}`,
    `{"a":1, "registry-mirrors": ["${one}", "${two}"], "b":1}`,
  ],
  [
    'last',
    `{\n\t"a": [],\n\t"registry-mirrors": [\n\t\t"x"\n\t]\n}`,
    `{\n\t"a": [],\n\t"registry-mirrors": [\n\t\t"${one}",\n\t\t"${two}"\n\t]\n}`,
  ],
  [
    'one line among many',
    `{\n  "registry-mirrors": [ "x" , "y" ]\n}`,
    `{\n  "registry-mirrors": [ "${one}" , "${two}" ]\n}`,
  ],
  ['empty with spaces', `{"a":1,"registry-mirrors":[  ]}`, `{"a":1,"registry-mirrors":["${one}","${two}"]}`],
  [
    'empty in a file of lines',
    `{\n  "registry-mirrors": []\n}`,
    `{\n  "registry-mirrors": [\n    "${one}",\n    "${two}"\n  ]\n}`,
  ],
  ['with an escaped name', `{"registry\\u002dmirrors":["x"]}`, `{"registry\\u002dmirrors":["${one}","${two}"]}`],
  [
    'with escapes and brackets in its strings',
    `{"registry-mirrors":["\\"],[\\\\" ,\n"\\u005d"]}`,
    `{"registry-mirrors":["${one}" ,\n"${two}"]}`,
  ],
  [
    'beside others of its name further in',
    `{"a":{"registry-mirrors":["in"]},"registry-mirrors":["x"],"b":[{"registry-mirrors":1}]}`,
    `{"a":{"registry-mirrors":["in"]},"registry-mirrors":["${one}","${two}"],"b":[{"registry-mirrors":1}]}`,
  ],
  [
    'among other scripts',
    `{"标签":"镜像 🐳 \\ud83d","registry-mirrors":["x"],"é":"}"}`,
    `{"标签":"镜像 🐳 \\ud83d","registry-mirrors":["${one}","${two}"],"é":"}"}`,
  ],
])('of a list that was there, the items alone change: %s', (_, before, after) => {
  expect(edited(before, [one, two])).toBe(after)
})

test('without mirrors the key has an empty list', () => {
  expect(edited(`{\n  "registry-mirrors": [\n    "${one}"\n  ],\n  "a": 1\n}`, [])).toBe(
    '{\n  "registry-mirrors": [],\n  "a": 1\n}',
  )
  expect(edited('{"a":1}', [])).toBe('{"a":1,"registry-mirrors":[]}')
  expect(edited('{"registry-mirrors":null}', [])).toBe('{"registry-mirrors":[]}')
  expect(edited('{"registry-mirrors":[ ]}', [])).toBe('{"registry-mirrors":[ ]}')
})

test('the same mirrors change no byte, with or without a trailing slash', () => {
  const text = `{"registry-mirrors" : [\n"https:\\/\\/docker.1ms.run/" ,"${two}", "${two}/"]}`
  expect(edited(text, [one, two])).toBe(text)
  expect(edited(text, [`${one}/`, two, one])).toBe(text)
  expect(edited(text, [two, one])).not.toBe(text)
})

test('a fourth mirror is refused, and a duplicate counts once', () => {
  const many = ['https://a.example', 'https://b.example', 'https://c.example']
  expect(withMirrors('{}', [...many, 'https://d.example'])).toEqual({ ok: false, fault: { code: 'too-many' } })
  expect(withMirrors('{}', [...many, 'https://a.example/'])).toMatchObject({ ok: true })
})

test('mirrors and insecure registries are read from the file', () => {
  expect(settings(`{"registry-mirrors":["${one}/"],"insecure-registries":["10.0.0.0/8"]}`)).toEqual({
    state: 'written',
    hasMirrors: true,
    mirrors: [`${one}/`],
    insecureRegistries: ['10.0.0.0/8'],
  })
  expect(settings('{"registry-mirrors":null}')).toMatchObject({ hasMirrors: false, mirrors: [] })
  expect(settings('{"registry-mirrors":[]}')).toMatchObject({ hasMirrors: true, mirrors: [] })
})

test.each([
  ['a trailing comma', '{\n  "a": [\n    1,\n  ]\n}', ['trailing-comma', '3:6', '    1,']],
  ['a trailing comma of the object', '{\r\n  "a": 1,\r\n}', ['trailing-comma', '2:9', '  "a": 1,']],
  ['a comma forgotten', '{\n  "a": 1\n  "b": 2\n}', ['missing-comma', '2:9', '  "a": 1']],
  ['a comment', '{\n  // ours\n  "a": 1\n}', ['comment', '2:3', '  // ours']],
  ['a comment of a shell', '{"a": 1 # ours\n}', ['comment', '1:9', '{"a": 1 # ours']],
  ['Chinese quotes', '{\n"a": “https://x”\n}', ['punctuation', '2:6', '"a": “https://x”']],
  ['a Chinese comma', '{"键": 1，"b": 2}', ['punctuation', '1:8', '{"键": 1，"b": 2}']],
  ['single quotes', "{'a': 1}", ['punctuation', '1:2', "{'a': 1}"]],
  ['a quote that is not closed', '{\n"a": "x\n}', ['unclosed', '2:6', '"a": "x']],
  ['a bracket that is not closed', '{\n"a": [1\n}', ['unclosed', '2:6', '"a": [1']],
  ['a brace that is not closed', '{\n"a": {"b": 1}\n', ['unclosed', '1:1', '{']],
  ['two objects', '{"a": 1}\n{"b": 2}', ['after-end', '2:1', '{"b": 2}']],
  ['one brace too many', '{"a": 1}\r}', ['after-end', '2:1', '}']],
  ['a key twice', '{"a": 1,\n "a": 2}', ['duplicate-key', '2:2', ' "a": 2}', 'a']],
  [
    'our key twice, once escaped',
    '{"registry-mirrors": [], "registry\\u002dmirrors": []}',
    ['duplicate-key', '1:26', expect.anything(), 'registry-mirrors'],
  ],
  ['a key twice further in', '{"a": [{"b": 1,\n"b": 2}]}', ['duplicate-key', '2:1', '"b": 2}]}', 'b']],
  [
    'our key in capitals',
    '{"a": 1,\n"Registry-Mirrors": []}',
    ['key-case', '2:1', '"Registry-Mirrors": []}', 'Registry-Mirrors'],
  ],
  ['a list at the outside', '[1]', ['not-object', '1:1', '[1]']],
  ['a string at the outside', '\n "x"', ['not-object', '2:2', ' "x"']],
  ['words', 'registry-mirrors = x', ['syntax', '1:1', 'registry-mirrors = x']],
  ['a name without quotes', '{\n  debug: true }', ['syntax', '2:3', '  debug: true }']],
  ['a bad escape', '{"a": "C:\\x"}', ['syntax', '1:10', '{"a": "C:\\x"}']],
  ['a tab in a string', '{"a": "\t"}', ['syntax', '1:8', '{"a": "\t"}']],
  ['a number that is none', '{"🐳": 01}', ['syntax', '1:7', '{"🐳": 01}']],
  ['a space that is none', '{"a":\u00a01}', ['syntax', '1:6', '{"a":\u00a01}']],
  [
    'a mirror without its list',
    `{\n"registry-mirrors": "${one}"\n}`,
    ['wrong-type', '2:21', `"registry-mirrors": "${one}"`, 'registry-mirrors'],
  ],
  [
    'a mirror that is a number',
    '{"registry-mirrors": ["x", 1]}',
    ['wrong-type', '1:22', '{"registry-mirrors": ["x", 1]}', 'registry-mirrors'],
  ],
  [
    'an object of registries',
    '{"insecure-registries": {}}',
    ['wrong-type', '1:25', '{"insecure-registries": {}}', 'insecure-registries'],
  ],
  ['a byte order mark', '\ufeff{}', ['bom', '1:1', '\ufeff{}']],
  ['a byte order mark alone', '\ufeff', ['bom', '1:1', '\ufeff']],
  ['another encoding', '{\n"a": "\ufffd"}', ['encoding', '2:7', '"a": "\ufffd"}']],
  ['two bytes a character', '{\u0000}\u0000', ['syntax', '1:2', '{\u0000}\u0000']],
  ['more than a megabyte', `{"a": "${'x'.repeat(1_000_000)}"}`, ['huge', undefined, undefined]],
])('a fault is named and shown with its line, and nothing is edited: %s', (_, text, expected) => {
  expect(fault(text)).toEqual(expected)
})

test('deep nesting and texts of up to a megabyte are accepted', () => {
  const deep = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`
  expect(edited(deep, [one])).toBe(`${deep.slice(0, -1)},"registry-mirrors":["${one}"]}`)
  expect(fault(`{"a":${'['.repeat(400_000)}`)).toEqual(['unclosed', '1:400005', `…${'['.repeat(101)}`])
  const long = `{\n${Array.from({ length: 30_000 }, (_, index) => `  "key-${index}": "${'é'.repeat(9)}"`).join(',\n')}\n}`
  expect(edited(long, [one])).toBe(`${long.slice(0, -2)},\n  "registry-mirrors": [\n    "${one}"\n  ]\n}`)
})
